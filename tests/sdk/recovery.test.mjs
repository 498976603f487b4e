// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';

import {Host, next, record, subscribe, until} from './harness.mjs';
import {Proxy} from './proxy.mjs';

const kHistoryMessages = 10_000;  // what bench/server keeps of a room

let host;
let proxy;
before(async () => {
  host = await Host.start();
  proxy = await Proxy.start(host.server.port);
});
afterEach(() => host.disconnect());
after(async () => {
  await proxy.stop();
  assert.equal(await host.stop(), 0, 'the server ends in good order');
});

// Publishes {n: from} to {n: to}, a few hundred at a time.
async function publishAll(subscription, from, to, paused = async () => {}) {
  for (let n = from; n <= to; n += 250) {
    const batch = [];
    for (let i = n; i < Math.min(n + 250, to + 1); ++i) batch.push(subscription.publish({n: i}));
    await Promise.all(batch);
    await paused(n);
  }
}

test('recovery: a connection cut again and again under load misses nothing and gets nothing twice',
     async () => {
       const room = host.room();
       const reader = await subscribe(await host.connect('reader', {}, proxy.url), room);
       const writer = await subscribe(await host.connect('writer'), room);
       const seen = record(reader, 'publication');
       const entered = record(reader, 'subscribed');
       await publishAll(writer, 1, 10_000, async (n) => {
         // Cut while the reader is somewhere in what was sent before, at a place that varies.
         if (n % 1000 !== 1) return;
         const wanted = seen.list.length + (n * 7919) % 150;
         await seen.until((list) => list.length >= Math.min(wanted, n), 'the reader moves');
         proxy.cut();
       });
       const list = await seen.first(10_000, 'all messages');
       assert.ok(list.every(({data}, i) => data.n === i + 1), 'in order');
       assert.equal(seen.list.length, 10_000);
       const recoveries = entered.list.filter(({wasRecovering}) => wasRecovering);
       assert.ok(recoveries.length >= 3, `${recoveries.length} recoveries`);
       assert.ok(recoveries.every(({recovered}) => recovered));
     });

test('recovery: who was away for long gets more than one page, once and in order', async () => {
  const room = host.room();
  const reader = await subscribe(await host.connect('reader', {}, proxy.url), room);
  const writer = await subscribe(await host.connect('writer'), room);
  const seen = record(reader, 'publication');
  await publishAll(writer, 1, 10);
  await seen.first(10);
  proxy.unplug();
  await publishAll(writer, 11, 5000);
  const back = next(reader, 'subscribed');
  proxy.plug();
  assert.deepEqual(pick(await back), {wasRecovering: true, recovered: true});
  await publishAll(writer, 5001, 5100);
  const list = await seen.first(5100);
  assert.deepEqual(list.map(({data}) => data.n), Array.from({length: 5100}, (_, i) => i + 1));
});

test('recovery: what no longer reaches back is told, and the room goes on', async () => {
  const room = host.room();
  const reader = await subscribe(await host.connect('reader', {}, proxy.url), room);
  const writer = await subscribe(await host.connect('writer'), room);
  const seen = record(reader, 'publication');
  await publishAll(writer, 1, 5);
  await seen.first(5);
  proxy.unplug();
  await publishAll(writer, 6, kHistoryMessages + 6);
  const back = next(reader, 'subscribed');
  proxy.plug();
  const context = await back;
  assert.deepEqual(pick(context), {wasRecovering: true, recovered: false});
  assert.equal(context.streamPosition.offset, kHistoryMessages + 6);
  await writer.publish({n: 'after'});
  await seen.until((list) => list.at(-1).data.n === 'after', 'the room goes on');
  assert.equal(seen.list.length, 6);
});

test('recovery: exactly as much as the history holds is recovered', async () => {
  const room = host.room();
  const reader = await subscribe(await host.connect('reader', {}, proxy.url), room);
  const writer = await subscribe(await host.connect('writer'), room);
  const seen = record(reader, 'publication');
  await publishAll(writer, 1, 5);
  await seen.first(5);
  proxy.unplug();
  await publishAll(writer, 6, kHistoryMessages + 5);
  const back = next(reader, 'subscribed');
  proxy.plug();
  assert.deepEqual(pick(await back), {wasRecovering: true, recovered: true});
  const list = await seen.first(kHistoryMessages + 5);
  assert.ok(list.every(({data}, i) => data.n === i + 1));
});

test('recovery: a room that the host gave is caught up with the connect reply', async () => {
  const room = host.room();
  const reader = await host.connect('', {data: {user: 'reader', room}}, proxy.url);
  const writer = await subscribe(await host.connect('writer'), room);
  const seen = record(reader, 'publication');
  await publishAll(writer, 1, 10);
  await seen.first(10);
  proxy.unplug();
  await publishAll(writer, 11, 3000);
  const back = next(reader, 'subscribed');
  proxy.plug();
  assert.deepEqual(pick(await back), {wasRecovering: true, recovered: true});
  const list = await seen.first(3000);
  assert.ok(list.every(({data}, i) => data.n === i + 1), 'in order');
});

test('recovery: a room that the host does not give again is told as left', async () => {
  const reader = await host.connect('reader', {}, proxy.url);
  const room = host.room();
  await reader.rpc('join', {room});
  const left = next(reader, 'unsubscribed');
  proxy.cut();
  assert.equal((await left).channel, room);
});

test('recovery: a position above the top, or of another room, is not recovered', async () => {
  const client = await host.connect('ann');
  const one = await subscribe(client, host.room());
  const other = await subscribe(client, host.room());
  await one.publish({});
  await other.publish({});
  const {epoch} = await one.history({limit: 0});
  const {epoch: otherEpoch} = await other.history({limit: 0});
  for (const since of [{offset: 1000, epoch}, {offset: 1, epoch: otherEpoch}]) {
    const again = (await host.connect('bob')).newSubscription(one.channel, {since});
    const entered = next(again, 'subscribed');
    again.subscribe();
    const context = await entered;
    assert.deepEqual(pick(context), {wasRecovering: true, recovered: false});
    assert.deepEqual(context.streamPosition, {offset: 1, epoch});
  }
});

test('recovery: presence is true again after a broken connection', async () => {
  const room = host.room();
  const reader = await subscribe(await host.connect('reader', {}, proxy.url), room);
  const writer = await subscribe(await host.connect('writer'), room);
  const stats = async () => (await writer.presenceStats()).numClients;
  assert.equal(await stats(), 2);
  proxy.unplug();
  await until(async () => await stats() === 1, 'the server notices');
  const back = next(reader, 'subscribed');
  proxy.plug();
  await back;
  assert.equal(await stats(), 2);
});

function pick({wasRecovering, recovered}) { return {wasRecovering, recovered}; }
