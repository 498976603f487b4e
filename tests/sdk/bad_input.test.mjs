// SPDX-License-Identifier: Apache-2.0
// Whatever comes from outside is answered by one clear word, and the others notice nothing.

import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';
import {deflateRawSync} from 'node:zlib';

import {Host} from './harness.mjs';
import {closeFrame, frame, handshake, kBinary, kClose, kPing, RawSocket} from './raw.mjs';

const kHandshakeDeadlineMs = 10_000;

let host;
// The engine's own limits, which are lifted for measuring otherwise.
before(async () => { host = await Host.start(['--commands-per-second', '200', '--compression']); });
after(async () => { assert.equal(await host.stop(), 0, 'the server ends in good order'); });

afterEach(async () => {
  assert.ok(host.server.running());
  const client = await host.connect('somebody');
  assert.deepEqual((await client.rpc('echo', {x: 1})).data, {x: 1}, 'the server serves others');
  host.disconnect();
});

// What is sent on a fresh connection, or after a good connect, and how it ends.
const connect = {id: 1, connect: {}};
const beforeConnect = [
  ['garbage', ['}{ garbage'], 3501],
  ['nothing but a line break', ['\n'], 3501],
  ['an empty frame', [''], 3501],
  ['a JSON array', ['[{"id":1,"connect":{}}]'], 3501],
  ['a JSON number', ['1'], 3501],
  ['truncated JSON', ['{"id":1,"connect":{'], 3501],
  ['10,000 open brackets', ['{"id":1,"connect":{"data":' + '['.repeat(10_000) + '}}'], 3501],
  ['a command before connect', [{id: 1, publish: {channel: 'r', data: {}}}], 3501],
  ['connect without an id', [{connect: {}}], 3501],
  ['connect with an id that is a text', ['{"id":"1","connect":{}}'], 3501],
  ['connect with an id above 32 bits', ['{"id":4294967296,"connect":{}}'], 3501],
];
const afterConnect = [
  ['a second connect', [{id: 2, connect: {}}], 3501],
  ['a command without an id', [{history: {channel: 'r'}}], 3501],
  ['an unknown method', [{id: 2, no_such_thing: {}}], 3501],
  ['a pong nobody asked for', ['{}'], 3501],
  ['a ping from the client', [{id: 2, ping: {}}], 3501],
  ['an empty room name', [{id: 2, subscribe: {channel: ''}}], 3501],
  ['a good command and then garbage', [{id: 2, rpc: {method: 'echo', data: 1}}, '{'], 3501],
];

for (const [what, commands, code] of beforeConnect) {
  test(`commands: ${what} closes with ${code}`, async () => {
    const raw = await RawSocket.open(host.server.port);
    raw.send(...commands);
    assert.equal(await raw.end(), code);
  });
}

for (const [what, commands, code] of afterConnect) {
  test(`commands: ${what} closes with ${code}`, async () => {
    const raw = await RawSocket.connected(host.server.port);
    raw.send(...commands);
    assert.equal(await raw.end(), code);
  });
}

test('commands: an error is answered to its command, and the connection lives on', async () => {
  const raw = await RawSocket.connected(host.server.port);
  const subscribe = (channel, more) => ({subscribe: {channel, ...more}});
  const cases = [
    [subscribe('x'.repeat(256)), 107],
    [subscribe('r'), undefined],
    [subscribe('r'), 105],
    [subscribe('map', {type: 1}), 108],
    [{publish: {channel: 'x'.repeat(256), data: {}}}, 107],
    [{history: {channel: 'r', limit: 1, since: {offset: 1, epoch: 'other'}}}, 112],
    [{unsubscribe: {channel: 'never entered'}}, undefined],
  ];
  for (const [index, [command, code]] of cases.entries()) {
    const id = index + 2;
    raw.send({id, ...command});
    assert.equal((await raw.reply(id)).error?.code, code, JSON.stringify(command).slice(0, 80));
  }
  raw.send({id: 4294967295, rpc: {method: 'echo', data: 'still here'}});
  assert.equal((await raw.reply(4294967295)).rpc.data, 'still here');
  raw.socket.destroy();
});

test('commands: a frame of several with a line break at its end is answered whole', async () => {
  const raw = await RawSocket.open(host.server.port);
  raw.send(connect, {id: 2, subscribe: {channel: 'several'}},
           {id: 3, publish: {channel: 'several', data: {}}},
           {id: 4, presence: {channel: 'several'}}, '');
  assert.ok((await raw.reply(4)).presence.presence);
  assert.ok((await raw.reply(3)).publish);
  raw.socket.destroy();
});

test('commands: more than the bucket holds are refused, and no end of them closes', async () => {
  const raw = await RawSocket.connected(host.server.port);
  raw.send({id: 1, subscribe: {channel: 'r'}});
  raw.send(...Array.from({length: 1300}, (_, i) => ({id: i + 2, history: {channel: 'r'}})));
  assert.equal(await raw.end(), 3013);
  assert.ok(raw.replies().some(({error}) => error?.code === 111));
});

test('recovery: a position that cannot be is not recovered', async () => {
  const raw = await RawSocket.connected(host.server.port);
  raw.send({id: 2, subscribe: {channel: 'here'}}, {id: 3, publish: {channel: 'here', data: {}}},
           {id: 4, subscribe: {channel: 'there'}}, {id: 5, unsubscribe: {channel: 'here'}});
  const {epoch} = (await raw.reply(2)).subscribe;
  const {epoch: otherEpoch} = (await raw.reply(4)).subscribe;
  await raw.reply(5);
  let id = 5;
  for (const position of [{offset: 1000, epoch}, {offset: 0, epoch: otherEpoch},
                          {offset: 2 ** 53, epoch}, {offset: 1, epoch: 'x'.repeat(10_000)}]) {
    raw.send({id: ++id, subscribe: {channel: 'here', recover: true, ...position}});
    const {subscribe} = await raw.reply(id);
    assert.equal(subscribe.was_recovering, true);
    assert.equal(subscribe.recovered, undefined);
    assert.equal(subscribe.publications, undefined);
    assert.equal(subscribe.offset, 1);
    raw.send({id: ++id, unsubscribe: {channel: 'here'}});
    await raw.reply(id);
  }
  raw.socket.destroy();
});

const valid = JSON.stringify(connect);
const badFrames = [
  ['a binary frame', [frame(valid, {opcode: kBinary})], 3506],
  ['a frame without a mask', [frame(valid, {masked: false})], 1002],
  ['a reserved bit', [frame(valid, {rsv: 1})], 1002],
  ['a compressed frame that was not agreed to', [frame(valid, {rsv: 4})], 1002],
  ['a reserved opcode', [frame(valid, {opcode: 3})], 1002],
  ['a reserved control opcode', [frame('', {opcode: 11})], 1002],
  ['a continuation of nothing', [frame(valid, {opcode: 0})], 1002],
  ['a new message inside another', [frame('{', {fin: false}), frame(valid)], 1002],
  ['a ping in pieces', [frame('x', {opcode: kPing, fin: false})], 1002],
  ['a ping of 126 bytes', [frame('x'.repeat(126), {opcode: kPing})], 1002],
  ['text that is not UTF-8', [frame(Buffer.from([0x7b, 0xff, 0x7d]))], 1007],
  ['half a character, cut by the end', [frame(Buffer.from([0xed, 0x95]))], 1007],
  ['a close code that is reserved', [closeFrame(1005)], 1002],
  ['a close code that does not exist', [closeFrame(999)], 1002],
  ['a close of one byte', [frame('x', {opcode: kClose})], 1002],
  ['a close reason that is not UTF-8',
   [frame(Buffer.from([3, 232, 0xff]), {opcode: kClose})], 1007],
  ['a message over the limit', [frame('x'.repeat(65_537))], 1009],
  ['a length of 2^62', [frame('', {length: 2 ** 62})], 1009],
  ['a length with the top bit set',
   [Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4])], 1002],
  ['a length of 5 in 64 bits',
   [Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4])], 1002],
  ['pieces that go over the limit together',
   [frame('x'.repeat(40_000), {fin: false}), frame('x'.repeat(40_000), {opcode: 0})], 1009],
  ['1 MB of connect data',
   [frame(JSON.stringify({id: 1, connect: {data: 'x'.repeat(1_000_000)}}))], 1009],
];

for (const [what, frames, code] of badFrames) {
  test(`frames: ${what} closes with ${code}`, async () => {
    const raw = await RawSocket.open(host.server.port);
    for (const bytes of frames) raw.write(bytes);
    assert.equal(await raw.end(), code);
  });
}

test('frames: a small message that inflates to 100 MB closes with 1009', async () => {
  const raw = await RawSocket.open(
      host.server.port,
      ['Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; ' +
       'client_no_context_takeover']);
  assert.ok(raw.deflates, 'the server agrees to compress');
  let bomb = deflateRawSync(Buffer.alloc(100_000_000), {level: 9});
  bomb = bomb.subarray(0, 60_000);  // As much as a message may have; it still is 60 MB.
  raw.write(frame(bomb, {rsv: 4}));
  assert.equal(await raw.end(), 1009);
});

test('frames: a client that closes is answered with its code', async () => {
  const raw = await RawSocket.connected(host.server.port);
  raw.write(closeFrame(1000, 'bye'));
  assert.equal(await raw.end(), 1000);
});

const badRequests = [
  ['garbage', 'garbage\r\n\r\n', 400],
  ['no host', handshake().replace('Host: localhost\r\n', ''), 400],
  ['two hosts', handshake(['Host: other']), 400],
  ['another version', handshake().replace('Version: 13', 'Version: 8'), 426],
  ['no key', handshake().replace(/Sec-WebSocket-Key.*\r\n/, ''), 400],
  ['a short key', handshake().replace(/Sec-WebSocket-Key: .*\r\n/, 'Sec-WebSocket-Key: eA==\r\n'),
   400],
  ['a header folded over two lines', handshake(['X-A: 1', ' 2']), 400],
  ['a page of another site', handshake(['Origin: https://evil.example']), 403],
  ['an opaque origin', handshake(['Origin: null']), 403],
  ['a target of 9,000 bytes',
   handshake().replace('/connection/websocket', '/' + 'a'.repeat(9_000)), 414],
  ['100,000 headers', handshake(Array.from({length: 100_000}, (_, i) => `X-${i}: 1`)), 431],
  ['one header of 20,000 bytes', handshake(['X-A: ' + 'a'.repeat(20_000)]), 431],
];

for (const [what, request, status] of badRequests) {
  test(`handshake: ${what} is answered ${status}`, async () => {
    const raw = new RawSocket(host.server.port);
    raw.write(request);
    assert.equal(await raw.status(), status);
    assert.equal(await raw.end(), 'ended');
  });
}

test('handshake: a path that is not there is answered 404', async () => {
  const raw = new RawSocket(host.server.port);
  raw.write(handshake().replace('/connection/websocket', '/nowhere'));
  assert.equal(await raw.status(), 404);
  raw.socket.destroy();
});

test('handshake: one that never ends, or trickles, is cut after the deadline', async () => {
  const began = Date.now();
  const silent = new RawSocket(host.server.port);
  const half = new RawSocket(host.server.port);
  half.write('GET /connection/websocket HTTP/1.1\r\nHost: local');
  const slow = new RawSocket(host.server.port);
  let at = 0;
  const request = handshake(['X-Slow: ' + 'a'.repeat(1000)]);
  const trickle = setInterval(() => slow.write(request[at++]), 20);
  const ends = [silent, half, slow].map((one) => one.end(kHandshakeDeadlineMs + 10_000));
  assert.deepEqual(await Promise.all(ends), ['ended', 'ended', 'ended']);
  clearInterval(trickle);
  const took = Date.now() - began;
  assert.ok(took > kHandshakeDeadlineMs * 0.8 && took < kHandshakeDeadlineMs * 1.5, `${took} ms`);
});
