// SPDX-License-Identifier: Apache-2.0
// Rooms on socket.io, over WebSocket alone. Who connects with ?room=NAME is a member of that room;
// an event "publish" goes to all of it, an event "echo" comes back.
//
//   node socketio_server.js [port]

import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  perMessageDeflate: false,
  httpCompression: false,
  serveClient: false,
  maxHttpBufferSize: 1024 * 1024,
});

io.on("connection", (socket) => {
  const { room } = socket.handshake.query;
  if (room) socket.join(room);
  socket.on("publish", (message) => io.to(room).emit("publish", message));
  socket.on("echo", (message) => socket.emit("echo", message));
});

http.listen({ host: "127.0.0.1", port: Number(process.argv[2] ?? 0), backlog: 4096 }, () => {
  console.log(`ready ${http.address().port}`);
});
