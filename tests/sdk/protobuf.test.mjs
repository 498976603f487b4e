// SPDX-License-Identifier: Apache-2.0
// The stock client in its Protobuf build: what it does is told from what JSON clients see of it.

import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';

import {Centrifuge} from 'centrifuge';
import {Centrifuge as ProtobufCentrifuge} from 'centrifuge/build/protobuf';
import WebSocket from 'ws';

import {Host, next, record, subscribe, until} from './harness.mjs';
import {Proxy} from './proxy.mjs';
import {frame, kBinary, RawSocket} from './raw.mjs';

const kProtobuf = ['Sec-WebSocket-Protocol: centrifuge-protobuf'];

let host;
let proxy;
before(async () => {
  host = await Host.start([], ProtobufCentrifuge);
  proxy = await Proxy.start(host.server.port);
});
afterEach(() => host.disconnect());
after(async () => {
  await proxy.stop();
  assert.equal(await host.stop(), 0, 'the server ends in good order');
});

function bytes(value) { return new TextEncoder().encode(JSON.stringify(value)); }
function value(data) { return JSON.parse(new TextDecoder().decode(data)); }

function connect(user, url) { return host.connect('', {data: bytes({user})}, url); }

async function connectJson(user) {
  const client = new Centrifuge(host.server.url, {websocket: WebSocket, data: {user}});
  host.clients.add(client);
  const connected = next(client, 'connected');
  client.connect();
  await connected;
  return client;
}

test('protobuf: what one publishes both kinds of clients get, with the publisher', async () => {
  const room = host.room();
  const ann = await subscribe(await connect('ann'), room);
  const bob = await subscribe(await connectJson('bob'), room);
  const toAnn = record(ann, 'publication');
  const toBob = record(bob, 'publication');
  await ann.publish(bytes({text: 'from ann'}));
  await bob.publish({text: 'from bob', large: 'x'.repeat(20_000)});
  const [one, two] = await toAnn.first(2);
  assert.deepEqual(value(one.data), {text: 'from ann'});
  assert.equal(value(two.data).text, 'from bob');
  assert.equal(value(two.data).large.length, 20_000);
  assert.deepEqual([one.info.user, two.info.user], ['ann', 'bob']);
  assert.deepEqual([one.offset, two.offset], [1, 2]);
  const seen = await toBob.first(2);
  assert.deepEqual(seen[0].data, {text: 'from ann'});
  assert.equal(seen[0].info.user, 'ann');
});

test('protobuf: what is no JSON is refused in a room of JSON, and the client stays', async () => {
  const room = await subscribe(await connect('ann'), host.room());
  for (const data of [new Uint8Array([0xff, 0]), bytes({}).subarray(1), new Uint8Array()]) {
    await assert.rejects(room.publish(data), {code: 107});
  }
  await room.publish(bytes(1));
});

test('protobuf: history and presence are read', async () => {
  const client = await connect('ann');
  const room = await subscribe(client, host.room());
  for (let n = 1; n <= 5; ++n) await room.publish(bytes({n}));
  const page = await room.history({limit: 2, since: {offset: 2, epoch: ''}});
  assert.deepEqual(page.publications.map(({data, offset}) => [value(data).n, offset]),
                   [[3, 3], [4, 4]]);
  assert.equal(page.offset, 5);
  const newest = await room.history({limit: 1, reverse: true});
  assert.deepEqual(newest.publications.map(({data}) => value(data).n), [5]);
  const presence = await room.presence();
  assert.deepEqual(Object.values(presence.clients).map(({user}) => user), ['ann']);
  assert.deepEqual(await room.presenceStats(), {numClients: 1, numUsers: 1});
});

test('protobuf: joins and leaves are announced', async () => {
  const name = host.room();
  const room = await subscribe(await connect('ann'), name, {joinLeave: true});
  const joins = record(room, 'join');
  const leaves = record(room, 'leave');
  const bob = await connect('bob');
  await subscribe(bob, name);
  await joins.until((list) => list.some(({info}) => info.user === 'bob'), 'the join of bob');
  bob.disconnect();
  await leaves.until((list) => list.some(({info}) => info.user === 'bob'), 'the leave of bob');
});

test('protobuf: rpc and messages carry any bytes', async () => {
  const client = await connect('ann');
  const every = Uint8Array.from({length: 256}, (_, i) => i);
  const {data} = await client.rpc('echo', every);
  assert.deepEqual(new Uint8Array(data), every);
  const message = next(client, 'message');
  await client.send(every);
  assert.deepEqual(new Uint8Array((await message).data), every);
});

test('protobuf: a room that the host gives, and takes, is told', async () => {
  const client = await connect('ann');
  const room = host.room();
  const entered = next(client, 'subscribed');
  await client.rpc('join', bytes({room}));
  assert.equal((await entered).channel, room);
  const left = next(client, 'unsubscribed');
  await client.rpc('leave', bytes({room}));
  assert.equal((await left).channel, room);
});

test('protobuf: cut again and again, a client misses nothing and gets nothing twice', async () => {
  const name = host.room();
  const reader = await subscribe(await connect('reader', proxy.url), name);
  const writer = await subscribe(await connectJson('writer'), name);
  const seen = record(reader, 'publication');
  const entered = record(reader, 'subscribed');
  const kMessages = 4000;
  for (let n = 1; n <= kMessages; n += 200) {
    const batch = Array.from({length: 200}, (_, i) => writer.publish({n: n + i}));
    await Promise.all(batch);
    if (n % 1000 !== 1) continue;
    const wanted = seen.list.length + (n * 7919) % 150;
    await seen.until((list) => list.length >= Math.min(wanted, n), 'the reader moves');
    proxy.cut();
  }
  const list = await seen.first(kMessages, 'all messages');
  assert.ok(list.every(({data}, i) => value(data).n === i + 1), 'in order');
  const recoveries = entered.list.filter(({wasRecovering}) => wasRecovering);
  assert.ok(recoveries.length >= 2, `${recoveries.length} recoveries`);
  assert.ok(recoveries.every(({recovered}) => recovered));
});

test('protobuf: what history no longer reaches back to is told', async () => {
  const client = await connect('ann');
  const room = await subscribe(client, host.room());
  await room.publish(bytes(1));
  const {epoch} = await room.history({limit: 0});
  for (const since of [{offset: 1000, epoch}, {offset: 1, epoch: 'other'}]) {
    const again = (await connect('bob')).newSubscription(room.channel, {since});
    const entered = next(again, 'subscribed');
    again.subscribe();
    const context = await entered;
    assert.deepEqual([context.wasRecovering, context.recovered], [true, false]);
    assert.deepEqual(context.streamPosition, {offset: 1, epoch});
  }
});

test('protobuf: expiring credentials are refreshed', async () => {
  let asked = 0;
  const token = async () => `expires:${++asked === 1 ? 1 : 1000}`;
  const client = host.client({getToken: token});
  const connected = next(client, 'connected');
  client.connect();
  await connected;
  await until(() => asked === 2, 'a refresh');
  assert.equal(client.state, 'connected');
  assert.deepEqual(value((await client.rpc('echo', bytes(1))).data), 1);
});

test('protobuf: the query chooses it as well', async () => {
  for (const query of ['format=protobuf', 'cf_protocol=protobuf&cf_protocol_version=v2']) {
    const socket = new WebSocket(`${host.server.url}?${query}`);
    const answer = new Promise((resolve) => socket.on('message', (data, isBinary) =>
      resolve({data, isBinary})));
    // {"id":1,"connect":{}}
    socket.on('open', () => socket.send(Uint8Array.from([4, 0x08, 1, 0x22, 0])));
    const {data, isBinary} = await answer;
    assert.ok(isBinary);
    assert.equal(data[0], data.length - 1);
    assert.deepEqual([...data.subarray(1, 4)], [0x08, 1, 0x2a]);
    socket.close();
  }
});

test('protobuf: bad bytes close with 3501, text with 3506', async () => {
  const bad = [[], [5], [1], [0x80], [2, 0x22, 5], Array(10).fill(255), [2, 0x08, 1]];
  for (const one of bad) {
    const raw = await RawSocket.open(host.server.port, kProtobuf);
    raw.write(frame(Uint8Array.from(one), {opcode: kBinary}));
    assert.equal(await raw.end(), 3501, `${one}`);
  }
  const raw = await RawSocket.open(host.server.port, kProtobuf);
  raw.send({id: 1, connect: {}});
  assert.equal(await raw.end(), 3506);
});

test('protobuf: a crowd of both kinds gets each message once and in order', async () => {
  const name = host.room();
  const clients = [];
  for (let i = 0; i < 20; ++i) {
    clients.push(await subscribe(await (i % 2 ? connect : connectJson)(`user-${i}`), name));
  }
  const seen = clients.map((one) => record(one, 'publication'));
  for (let n = 1; n <= 100; ++n) {
    await clients[n % 20].publish(n % 2 ? bytes(n) : n);
  }
  for (const [i, one] of seen.entries()) {
    const list = await one.first(100);
    assert.ok(list.every(({data}, at) => (i % 2 ? value(data) : data) === at + 1), `client ${i}`);
  }
});
