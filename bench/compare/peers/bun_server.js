// SPDX-License-Identifier: Apache-2.0
// Rooms on Bun.serve, whose WebSocket server is uWebSockets. Who connects to /room/NAME is a member
// of that room, and what a member sends goes to all of it; on /echo it comes back.
//
//   bun bun_server.js [port]

const kBackpressureBytesMax = 64 * 1024 * 1024;

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2] ?? 0),
  fetch(request, server) {
    const { pathname } = new URL(request.url);
    if (server.upgrade(request, { data: { room: pathname, echoes: pathname === "/echo" } })) return;
    return new Response("WebSocket only", { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    idleTimeout: 0,
    sendPings: false,
    maxPayloadLength: 1024 * 1024,
    backpressureLimit: kBackpressureBytesMax,
    closeOnBackpressureLimit: false,
    open(socket) {
      if (!socket.data.echoes) socket.subscribe(socket.data.room);
    },
    message(socket, message) {
      if (socket.data.echoes) socket.send(message);
      else server.publish(socket.data.room, message);
    },
  },
});

console.log(`ready ${server.port}`);
