// SPDX-License-Identifier: Apache-2.0
// Rooms on Node's ws. Who connects to /room/NAME is a member of that room, and what a member sends
// goes to all of it; on /echo it comes back. A message is framed once, as socket.io does it with
// ws, and written to each member of a Set: the fastest way that ws offers.
//
//   node ws_server.js [port]

import { Sender, WebSocketServer } from "ws";

const rooms = new Map();

function enter(room, socket) {
  let members = rooms.get(room);
  if (!members) rooms.set(room, (members = new Set()));
  members.add(socket);
  socket.on("close", () => {
    members.delete(socket);
    if (members.size === 0) rooms.delete(room);
  });
  return members;
}

function publish(members, message) {
  const frame = Sender.frame(message, { fin: true, opcode: 1, mask: false, readOnly: false });
  for (const member of members) {
    if (member.readyState === member.OPEN) member._sender.sendFrame(frame);
  }
}

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: Number(process.argv[2] ?? 0),
  perMessageDeflate: false,
  maxPayload: 1024 * 1024,
  clientTracking: false,
  backlog: 4096,
});

server.on("connection", (socket, request) => {
  socket.on("error", () => {});
  if (request.url === "/echo") {
    socket.on("message", (message) => socket.send(message, { binary: false }));
    return;
  }
  const members = enter(request.url, socket);
  socket.on("message", (message) => publish(members, message));
});

server.on("listening", () => console.log(`ready ${server.address().port}`));
