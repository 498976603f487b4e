// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';

import {Host, next, record, subscribe, until} from './harness.mjs';

let host;
before(async () => { host = await Host.start(); });
afterEach(() => host.disconnect());
after(async () => { assert.equal(await host.stop(), 0, 'the server ends in good order'); });

test('chat: two clients read what each of them writes, in one order', async () => {
  const room = host.room();
  const ann = await subscribe(await host.connect('ann'), room);
  const bob = await subscribe(await host.connect('bob'), room);
  const seen = [record(ann, 'publication'), record(bob, 'publication')];
  const sent = [];
  for (let i = 0; i < 50; ++i) sent.push(ann.publish({ann: i}), bob.publish({bob: i}));
  await Promise.all(sent);
  const [first, second] = await Promise.all(seen.map((one) => one.first(100)));
  assert.deepEqual(first.map(({data}) => data), second.map(({data}) => data));
  assert.deepEqual(first.map(({offset}) => offset), Array.from({length: 100}, (_, i) => i + 1));
  const byAnn = first.filter(({data}) => 'ann' in data);
  assert.deepEqual(byAnn.map(({data}) => data.ann), Array.from({length: 50}, (_, i) => i));
  assert.ok(byAnn.every(({info}) => info.user === 'ann'), 'a message tells who wrote it');
});

test('chat: a message goes to its room and no other', async () => {
  const client = await host.connect('ann');
  const here = await subscribe(client, host.room());
  const there = await subscribe(client, host.room());
  const wrong = record(there, 'publication');
  const right = record(here, 'publication');
  await here.publish({x: 1});
  await there.publish({x: 2});
  await right.first(1);
  assert.deepEqual((await wrong.first(1))[0].data, {x: 2});
  assert.equal(right.list.length, 1);
});

test('presence: everybody is listed by client, with user, and counted', async () => {
  const room = host.room();
  const ann = await host.connect('ann');
  const annAgain = await host.connect('ann');
  const bob = await host.connect('bob');
  const subscription = await subscribe(ann, room);
  await subscribe(annAgain, room);
  await subscribe(bob, room);
  const {clients} = await subscription.presence();
  assert.deepEqual(Object.values(clients).map(({user}) => user).sort(), ['ann', 'ann', 'bob']);
  for (const [id, info] of Object.entries(clients)) assert.equal(info.client, id);
  assert.deepEqual(await subscription.presenceStats(), {numClients: 3, numUsers: 2});
});

test('joins and leaves: each session that comes and goes is announced', async () => {
  const room = host.room();
  const ann = await subscribe(await host.connect('ann'), room, {joinLeave: true});
  const joins = record(ann, 'join');
  const leaves = record(ann, 'leave');
  const bob = await host.connect('bob');
  const bobInRoom = await subscribe(bob, room);
  await joins.until((list) => list.some(({info}) => info.user === 'bob'), 'bob comes');
  bobInRoom.unsubscribe();
  const [{info}] = await leaves.first(1);
  assert.equal(info.user, 'bob');

  const carol = await host.connect('carol');
  await subscribe(carol, room);
  await joins.until((list) => list.some(({info: one}) => one.user === 'carol'), 'carol comes');
  carol.disconnect();
  await leaves.until((list) => list.some(({info: one}) => one.user === 'carol'), 'carol goes');
});

test('history: pages go forward and backward from any place', async () => {
  const subscription = await subscribe(await host.connect('ann'), host.room());
  for (let i = 1; i <= 20; ++i) await subscription.publish({i});
  const numbers = ({publications}) => publications.map(({data}) => data.i);

  const position = await subscription.history({limit: 0});
  assert.deepEqual([numbers(position), position.offset], [[], 20]);
  const {epoch} = position;
  assert.deepEqual(numbers(await subscription.history({limit: 3})), [1, 2, 3]);
  assert.deepEqual(numbers(await subscription.history({limit: 3, reverse: true})), [20, 19, 18]);
  const since = (offset) => ({offset, epoch});
  assert.deepEqual(numbers(await subscription.history({limit: 3, since: since(17)})), [18, 19, 20]);
  assert.deepEqual(numbers(await subscription.history({limit: 3, since: since(20)})), []);
  assert.deepEqual(
      numbers(await subscription.history({limit: 3, since: since(4), reverse: true})), [3, 2, 1]);
  assert.equal(numbers(await subscription.history({limit: -1})).length, 20);
});

test('history: a position of another history is told as such', async () => {
  const subscription = await subscribe(await host.connect('ann'), host.room());
  await subscription.publish({});
  await assert.rejects(subscription.history({limit: 1, since: {offset: 1, epoch: 'other'}}),
                       {code: 112});
  const {epoch} = await subscription.history({limit: 0});
  await assert.rejects(
      subscription.history({limit: 1, since: {offset: 0, epoch}, reverse: true}), {code: 107});
});

test('rooms: many are entered with the connect in one frame', async () => {
  const client = host.client({data: {user: 'ann'}});
  const subscriptions = Array.from({length: 100}, () => client.newSubscription(host.room()));
  const entered = subscriptions.map((one) => next(one, 'subscribed'));
  for (const one of subscriptions) one.subscribe();
  client.connect();
  await Promise.all(entered);
  await Promise.all(subscriptions.map((one, i) => one.publish({i})));
  const histories = await Promise.all(subscriptions.map((one) => one.history({limit: 5})));
  assert.deepEqual(histories.map(({publications}) => publications.map(({data}) => data.i)),
                   subscriptions.map((_, i) => [i]));
});

test('rooms: names of any script go through unharmed', async () => {
  const client = await host.connect('ann');
  for (const name of ['마당-1', 'a "b" \\c', 'x'.repeat(255), 'line\u2028break', '🙂']) {
    const subscription = await subscribe(client, name);
    const seen = record(subscription, 'publication');
    await subscription.publish({name});
    assert.deepEqual((await seen.first(1))[0].data, {name});
  }
});

test('leave: who has left hears no more, and may come again', async () => {
  const room = host.room();
  const ann = await subscribe(await host.connect('ann'), room);
  const bob = await subscribe(await host.connect('bob'), room);
  const seen = record(bob, 'publication');
  await ann.publish({n: 1});
  await seen.first(1);
  bob.unsubscribe();
  await until(async () => (await ann.presenceStats()).numClients === 1, 'bob has left');
  await ann.publish({n: 2});
  const again = next(bob, 'subscribed');
  bob.subscribe();
  await again;
  await ann.publish({n: 3});
  await seen.until((list) => list.some(({data}) => data.n === 3), 'the third message');
});

test('the host may put a session into a room and take it out', async () => {
  const client = await host.connect('ann');
  const room = host.room();
  const subscribed = record(client, 'subscribed');
  const seen = record(client, 'publication');
  const left = record(client, 'unsubscribed');
  await client.rpc('join', {room});
  assert.equal((await subscribed.first(1))[0].channel, room);
  await client.publish(room, {x: 1});
  assert.deepEqual((await seen.first(1))[0].data, {x: 1});
  await client.rpc('leave', {room});
  assert.equal((await left.first(1))[0].channel, room);
});

test('the host may take a session out of a room it has entered itself', async () => {
  const client = await host.connect('ann');
  const room = host.room();
  const subscription = await subscribe(client, room);
  const left = next(subscription, 'unsubscribed');
  await client.rpc('leave', {room});
  assert.equal((await left).code, 2000);
});
