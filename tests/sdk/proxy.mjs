// SPDX-License-Identifier: Apache-2.0
// A cable that can be pulled: a TCP proxy between clients and a server.

import {once} from 'node:events';
import net from 'node:net';

export class Proxy {
  static async start(port) {
    const proxy = new Proxy(port);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  constructor(targetPort) {
    this.targetPort = targetPort;
    this.plugged = true;
    this.pairs = new Set();
    this.server = net.createServer((client) => this.connect(client));
  }

  get port() { return this.server.address().port; }
  get url() { return `ws://127.0.0.1:${this.port}/connection/websocket`; }

  connect(client) {
    if (!this.plugged) {
      client.resetAndDestroy();
      return;
    }
    const server = net.connect(this.targetPort, '127.0.0.1');
    const pair = {client, server};
    this.pairs.add(pair);
    for (const [from, to] of [[client, server], [server, client]]) {
      from.on('error', () => {});  // Followed by 'close'.
      from.on('close', () => {
        to.destroy();
        this.pairs.delete(pair);
      });
      from.pipe(to);
    }
  }

  // Breaks every connection in the middle of whatever is under way. New ones are still made.
  cut() {
    for (const {client, server} of this.pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  // Lets nothing come back to the clients that are connected now, until cut().
  holdAnswers() {
    for (const {server} of this.pairs) {
      server.unpipe();
      server.resume();
    }
  }

  // As cut(), and lets no new connection through until plug().
  unplug() {
    this.plugged = false;
    this.cut();
  }

  plug() { this.plugged = true; }

  async stop() {
    this.unplug();
    this.server.close();
    await once(this.server, 'close');
  }
}
