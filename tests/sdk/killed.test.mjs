// SPDX-License-Identifier: Apache-2.0
// A server that is killed a hundred times while stock clients write and read, and its store.
import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {Host, record, subscribe} from './harness.mjs';
import {kBenchServer, startServer} from './server.mjs';

const kKills = 50;  // of each kind of room
const kUnderWay = 16;
const kLifeMsMax = 250;
const kSeed = 20251;

let folder;
before(async () => { folder = await mkdtemp(path.join(os.tmpdir(), 'madang-killed-')); });
after(() => rm(folder, {recursive: true}));

// The same numbers each time: a linear congruential generator (Lehmer, 1951).
function randomFrom(seed) {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

async function start(durability) {
  return new Host(await startServer(kBenchServer, [
    '--store', `sqlite:${path.join(folder, `${durability}.db`)}`, '--durability', durability,
  ]));
}

// Writes one number after the other until the server is gone, and notes those acknowledged.
async function write(subscription, life) {
  const one = async () => {
    while (!life.over) {
      const n = ++life.written;
      try {
        await subscription.publish({n});
        life.acknowledged.push(n);
      } catch {
        return;  // killed; nobody knows what became of it
      }
    }
  };
  await Promise.all(Array.from({length: kUnderWay}, one));
}

// All messages of a room, by pages.
async function readAll(subscription) {
  const all = [];
  for (let since = {offset: 0, epoch: ''};;) {
    const {publications} = await subscription.history({limit: 500, since});
    if (publications.length === 0) return all;
    all.push(...publications);
    since = {offset: all.at(-1).offset, epoch: ''};
  }
}

// Kills a server again and again. `told` is what its reader was told: the epoch and position it
// entered each time, and what came. `lives` have the numbers that each acknowledged.
async function killAgainAndAgain(durability) {
  const random = randomFrom(kSeed);
  const told = [];
  const lives = [];
  let since;
  let written = 0;
  for (let kill = 0; kill < kKills; ++kill) {
    const host = await start(durability);
    const life = {over: false, written, acknowledged: []};
    const writer = await subscribe(await host.connect('writer'), 'room');
    const client = await host.connect('reader');
    const reader = client.newSubscription('room', since ? {since} : {});
    const entered = record(reader, 'subscribed');
    const seen = record(reader, 'publication');
    reader.subscribe();
    const [{recovered, wasRecovering, streamPosition}] = await entered.first(1);
    const writing = write(writer, life);
    await new Promise((resolve) => setTimeout(resolve, random() * kLifeMsMax));
    assert.equal(await host.server.stop('SIGKILL'), 'SIGKILL');
    life.over = true;
    host.disconnect();
    await writing;
    const {epoch} = streamPosition;
    const messages = seen.list.map(({offset, data}) => ({offset, n: data.n}));
    // The position of the answer is where the pages begin that follow it.
    const from = recovered ? since.offset : streamPosition.offset;
    told.push({epoch, wasRecovering, recovered, from, messages});
    since = {offset: messages.at(-1)?.offset ?? from, epoch};
    ({written} = life);
    lives.push(life.acknowledged);
  }
  const host = await start(durability);
  const subscription = await subscribe(await host.connect('auditor'), 'room');
  const kept = (await readAll(subscription)).map(({offset, data}) => ({offset, n: data.n}));
  assert.equal(await host.stop(), 0, 'the server ends in good order');
  return {told, lives, kept};
}

// What holds of any room: one order without gaps, and an offset of an epoch is one message.
function checkOrder({told, kept}) {
  assert.deepEqual(kept.map(({offset}) => offset), kept.map((_, i) => i + 1));
  assert.equal(new Set(kept.map(({n}) => n)).size, kept.length, 'nothing is kept twice');
  const known = new Map();
  for (const {epoch, from, messages} of told) {
    assert.deepEqual(messages.map(({offset}) => offset), messages.map((_, i) => from + 1 + i));
    for (const {offset, n} of messages) {
      const place = `${epoch}/${offset}`;
      assert.equal(known.get(place) ?? n, n, `${place} is one message`);
      known.set(place, n);
    }
  }
}

test('killed while it writes: a durable room has all that it acknowledged or showed', async () => {
  const {told, lives, kept} = await killAgainAndAgain('durable');
  checkOrder({told, kept});
  const offsets = new Map(kept.map(({offset, n}) => [n, offset]));
  const acknowledged = lives.flat();
  assert.ok(acknowledged.length > kKills, `${acknowledged.length} acknowledged`);
  assert.deepEqual(acknowledged.filter((n) => !offsets.has(n)), []);
  for (const {messages} of told) {
    for (const {offset, n} of messages) assert.equal(offsets.get(n), offset, 'shown and kept');
  }
  // The reader was never told that it lost something, and lost nothing.
  assert.ok(told.every(({wasRecovering, recovered}) => !wasRecovering || recovered));
  assert.equal(new Set(told.map(({epoch}) => epoch)).size, 1, 'the epoch goes on');
});

test('killed while it writes: a write-behind room loses its newest, and says so', async () => {
  const {told, lives, kept} = await killAgainAndAgain('write_behind');
  checkOrder({told, kept});
  const stored = new Set(kept.map(({n}) => n));
  for (const acknowledged of lives) {
    const lost = acknowledged.findIndex((n) => !stored.has(n));
    if (lost < 0) continue;
    // Those under way at once are acknowledged in any order.
    const after = acknowledged.slice(lost).filter((n) => stored.has(n));
    assert.ok(after.length <= kUnderWay, 'what is lost is the end');
  }
  // Every kill is an end that nobody vouches for, so every reader is told.
  for (const {wasRecovering, recovered} of told) assert.equal(wasRecovering && recovered, false);
  assert.equal(new Set(told.map(({epoch}) => epoch)).size, told.length);
});
