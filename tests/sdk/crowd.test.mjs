// SPDX-License-Identifier: Apache-2.0
// Many clients, slow ones, and ones that vanish.

import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';

import {Host, next, record, subscribe, until} from './harness.mjs';
import {RawSocket} from './raw.mjs';

let host;
before(async () => { host = await Host.start(); });
afterEach(() => host.disconnect());
after(async () => { assert.equal(await host.stop(), 0, 'the server ends in good order'); });

// Resolves when nobody is left but the client that asks.
async function untilEmpty(client) {
  await until(async () => {
    const {sessions, subscriptions} = await host.counters(client);
    return sessions === 1 && subscriptions === 0;
  }, 'the tables are empty');
}

test('slow: one that stops reading is closed or catches up, and the others go on', async () => {
  const room = host.room();
  const slow = await RawSocket.connected(host.server.port);
  slow.send({id: 2, subscribe: {channel: room}});
  await slow.reply(2);
  slow.socket.pause();
  const reader = await subscribe(await host.connect('reader'), room);
  const writer = await host.connect('writer');
  const seen = record(reader, 'publication');

  // More than the sockets between and the history hold together, so that it can not catch up.
  const text = 'x'.repeat(60_000);
  const kMessages = 600;
  for (let n = 1; n <= kMessages; ++n) await writer.publish(room, {n, text});
  const list = await seen.first(kMessages);
  assert.ok(list.every(({data}, i) => data.n === i + 1), 'the others miss nothing');

  slow.socket.resume();
  assert.equal(await slow.end(60_000), 3008);
  const numbers = slow.replies().filter(({push}) => push?.pub).map(({push}) => push.pub.data.n);
  assert.ok(numbers.length > 0 && numbers.length < kMessages);
  assert.ok(numbers.every((n, i) => n === i + 1), 'what it got has no gap');
  const {closed_slow: closed} = await host.counters(writer);
  assert.equal(closed, 1);
});

test('slow: one that reads again in time catches up without a gap', async () => {
  const room = host.room();
  const slow = await RawSocket.connected(host.server.port);
  slow.send({id: 2, subscribe: {channel: room}});
  await slow.reply(2);
  slow.socket.pause();
  const writer = await host.connect('writer');
  // Beyond its outbox of 1 MiB, and within the 16 MiB of the history.
  const text = 'x'.repeat(60_000);
  const kMessages = 200;
  for (let n = 1; n <= kMessages; ++n) await writer.publish(room, {n, text});
  slow.socket.resume();
  const numbers = () =>
      slow.replies().filter(({push}) => push?.pub).map(({push}) => push.pub.data.n);
  await until(() => numbers().length >= kMessages, 'it catches up');
  assert.deepEqual(numbers(), Array.from({length: kMessages}, (_, i) => i + 1));
  slow.socket.destroy();
});

test('vanish: a client that is cut off leaves its rooms', async () => {
  const room = host.room();
  const watcher = await subscribe(await host.connect('watcher'), room, {joinLeave: true});
  const joins = record(watcher, 'join');
  const leaves = record(watcher, 'leave');
  const raw = await RawSocket.connected(host.server.port);
  raw.send({id: 2, subscribe: {channel: room}});
  // A leave that follows before the join was announced would cancel it.
  await joins.first(2);
  assert.equal((await watcher.presenceStats()).numClients, 2);
  raw.socket.resetAndDestroy();
  await leaves.first(1);
  assert.equal((await watcher.presenceStats()).numClients, 1);
});

test('vanish: one that goes at every moment of coming in leaves nothing behind', async () => {
  const watcher = await host.connect('watcher');
  const room = host.room();
  for (let i = 0; i < 300; ++i) {
    const raw = await RawSocket.open(host.server.port);
    raw.send({id: 1, connect: {}}, {id: 2, subscribe: {channel: room}},
             {id: 3, publish: {channel: room, data: {i}}});
    if (i % 2) await raw.reply(i % 3 + 1);
    raw.socket.resetAndDestroy();
  }
  await untilEmpty(watcher);
});

test('crowd: 1,000 clients that come and go leave empty tables behind', async () => {
  const kClients = 1000;
  const kAtOnce = 100;
  const watcher = await host.connect('watcher');
  const before = await host.counters(watcher);
  const rooms = Array.from({length: 10}, () => host.room());

  async function visit(i) {
    const client = await host.connect(`user-${i % 300}`, {timeout: 20_000});
    const subscription = await subscribe(client, rooms[i % rooms.length], {joinLeave: true});
    await subscription.publish({i});
    if (i % 3 === 0) subscription.unsubscribe();
    if (i % 5 === 0) await client.rpc('echo', {i});
    const gone = next(client, 'disconnected');
    client.disconnect();
    await gone;
  }

  let visited = 0;
  const workers = Array.from({length: kAtOnce}, async () => {
    while (visited < kClients) await visit(visited++);
  });
  await Promise.all(workers);
  await untilEmpty(watcher);
  const now = await host.counters(watcher);
  assert.equal(now.connects - before.connects, kClients);
  assert.equal(now.published - before.published, kClients);
  assert.equal(now.handler_dropped_reply, 0);
  assert.equal(now.expected, now.delivered + now.excluded + now.dropped_oldest +
      now.dropped_latest + now.dropped_not_kept + now.left_before_delivery + now.told_of_gap,
               'the account balances');
});
