// SPDX-License-Identifier: Apache-2.0
// Rooms that send deltas, read by the stock client, which decodes what it is sent.

import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';

import {Host, next, record, subscribe} from './harness.mjs';
import {Proxy} from './proxy.mjs';

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

// Mostly the same each time, with what a patch in a JSON string could stumble over.
const match = (n) => ({
  n,
  league: '한국 "K" 리그 😀\n', clock: `${Math.floor(n / 60)}:${n % 60}`,
  players: Array.from({length: 8}, (_, i) => ({id: i, name: `선수 ${i}`, shots: n * (i + 3) % 17})),
});

async function publishAll(writer, from, to) {
  for (let n = from; n <= to; ++n) {
    const sent = writer.publish(match(n));
    if (n % 7 === 0 || n === to) await sent;
  }
}

const numbers = (from, to) => Array.from({length: to - from + 1}, (_, i) => from + i);

// Every message from `from` to `to`, once, in order, and as it was published.
function checkAll(list, from, to) {
  assert.deepEqual(list.map(({data}) => data.n), numbers(from, to));
  for (const {data} of list) assert.deepEqual(data, match(data.n));
}

test('delta: a member that asks gets patches, one that does not gets whole messages', async () => {
  const room = host.room('delta');
  const reader = await subscribe(await host.connect('reader'), room, {delta: 'fossil'});
  const plain = await subscribe(await host.connect('plain'), room);
  const writer = await subscribe(await host.connect('writer'), room);
  const seen = record(reader, 'publication');
  const seenPlain = record(plain, 'publication');
  await publishAll(writer, 1, 200);
  checkAll(await seen.first(200), 1, 200);
  checkAll(await seenPlain.first(200), 1, 200);
  const stats = reader.deltaStats();
  assert.equal(stats.numFullPayloads, 1);
  assert.equal(stats.numDeltaPayloads, 199);
  assert.ok(stats.compressionRatio > 0.5, `${stats.compressionRatio}`);
  assert.equal(plain.deltaStats().numPublications, 0);
});

test('delta: a room that does not offer it is joined without', async () => {
  const room = host.room('plain');
  const reader = await subscribe(await host.connect('reader'), room, {delta: 'fossil'});
  const seen = record(reader, 'publication');
  await publishAll(reader, 1, 10);
  checkAll(await seen.first(10), 1, 10);
  assert.equal(reader.deltaStats().numPublications, 0);
});

test('delta: who joins while messages come decodes all it gets', async () => {
  const room = host.room('delta');
  const writer = await subscribe(await host.connect('writer'), room);
  const readers = [];
  for (let n = 1; n <= 20; ++n) {
    const publishing = publishAll(writer, n * 10, n * 10 + 9);
    const reader = await subscribe(await host.connect(`reader${n}`), room, {delta: 'fossil'});
    readers.push(record(reader, 'publication'));
    await publishing;
  }
  await publishAll(writer, 210, 219);
  for (const seen of readers) {
    const list = await seen.until((all) => all.at(-1)?.data.n === 219, 'the last message');
    checkAll(list, list[0].data.n, 219);
  }
});

test('delta: a connection cut again and again recovers into a chain without a hole', async () => {
  const room = host.room('delta');
  const reader =
      await subscribe(await host.connect('reader', {}, proxy.url), room, {delta: 'fossil'});
  const writer = await subscribe(await host.connect('writer'), room);
  const seen = record(reader, 'publication');
  const entered = record(reader, 'subscribed');
  for (let n = 1; n <= 4000; n += 100) {
    await publishAll(writer, n, n + 99);
    if (n % 500 !== 1) continue;
    await seen.until((list) => list.length >= n, 'the reader moves');
    proxy.cut();
  }
  checkAll(await seen.first(4000, 'all messages'), 1, 4000);
  assert.ok(entered.list.length >= 3 && entered.list.every(({recovered}) => recovered));
  assert.ok(reader.deltaStats().numDeltaPayloads > 3900, JSON.stringify(reader.deltaStats()));
});

test('delta: who was away for more than a page gets the rest as one chain', async () => {
  const room = host.room('delta');
  const reader =
      await subscribe(await host.connect('reader', {}, proxy.url), room, {delta: 'fossil'});
  const writer = await subscribe(await host.connect('writer'), room);
  const seen = record(reader, 'publication');
  await publishAll(writer, 1, 10);
  await seen.first(10);
  proxy.unplug();
  await publishAll(writer, 11, 2000);
  const back = next(reader, 'subscribed');
  proxy.plug();
  assert.equal((await back).recovered, true);
  await publishAll(writer, 2001, 2010);
  checkAll(await seen.first(2010), 1, 2010);
  assert.equal(reader.deltaStats().numFullPayloads, 2);
});
