// SPDX-License-Identifier: Apache-2.0
// What the tests of this folder share: stock clients of a real server, and ways to wait.

import {Centrifuge} from 'centrifuge';
import WebSocket from 'ws';

import {kBenchServer, rejectAfter, startServer} from './server.mjs';

const kWaitMs = 15_000;

// A list of what happened that one can wait on.
export class Recorder {
  constructor() {
    this.list = [];
    this.waiting = new Set();
  }

  push(entry) {
    this.list.push(entry);
    for (const check of [...this.waiting]) check();
  }

  // Resolves with the list once `done(list)` holds. `what` is told if that never comes.
  async until(done, what, waitMs = kWaitMs) {
    let check;
    const holds = new Promise((resolve) => {
      check = () => done(this.list) && resolve(this.list);
      this.waiting.add(check);
      check();
    });
    const late = rejectAfter(waitMs, `never: ${what}`).catch((error) => {
      throw new Error(`${error.message}; ${this.list.length} seen, the last: ` +
                      JSON.stringify(this.list.slice(-3)));
    });
    try {
      return await Promise.race([holds, late]);
    } finally {
      this.waiting.delete(check);
    }
  }

  // Resolves with the first `count` entries.
  async first(count, what = `${count} entries`) {
    return (await this.until((list) => list.length >= count, what)).slice(0, count);
  }
}

// Everything that `source` emits under `event` from now on.
export function record(source, event) {
  const recorder = new Recorder();
  source.on(event, (context) => recorder.push(context));
  return recorder;
}

// The next event, or an error.
export async function next(source, event, waitMs = kWaitMs) {
  let listener;
  const comes = new Promise((resolve) => source.on(event, listener = resolve));
  try {
    return await Promise.race([comes, rejectAfter(waitMs, `no ${event} comes`)]);
  } finally {
    source.off(event, listener);
  }
}

// Resolves once `holds()` does. For what can only be asked, not listened to.
export async function until(holds, what, waitMs = kWaitMs) {
  const deadline = Date.now() + waitMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// A server for one test file, and clients that end with each test.
export class Host {
  // `Client` is the SDK to make clients with, where it is not the one for JSON.
  static async start(args = [], Client = Centrifuge) {
    return new Host(await startServer(kBenchServer, args), Client);
  }

  constructor(server, Client = Centrifuge) {
    this.server = server;
    this.Client = Client;
    this.clients = new Set();
    this.names = 0;
  }

  // A room that no other test uses.
  room(word = 'room') { return `${word}-${++this.names}`; }

  client(options = {}, url = this.server.url) {
    const client = new this.Client(url, {
      websocket: WebSocket, minReconnectDelay: 10, maxReconnectDelay: 100, ...options,
    });
    this.clients.add(client);
    return client;
  }

  // A client that is connected, as `user`.
  async connect(user, options = {}, url = this.server.url) {
    const client = this.client({data: {user}, ...options}, url);
    const connected = next(client, 'connected');
    client.connect();
    await connected;
    return client;
  }

  async counters(client) { return (await client.rpc('counters', {})).data; }

  disconnect() {
    for (const client of this.clients) client.disconnect();
    this.clients.clear();
  }

  async stop() {
    this.disconnect();
    return this.server.stop();
  }
}

// A subscription that is there.
export async function subscribe(client, room, options = {}) {
  const subscription = client.newSubscription(room, options);
  const subscribed = next(subscription, 'subscribed');
  subscription.subscribe();
  await subscribed;
  return subscription;
}
