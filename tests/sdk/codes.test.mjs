// SPDX-License-Identifier: Apache-2.0
// Every number of the protocol that a client can be told: provoked, and the same in both formats.
import assert from 'node:assert/strict';
import {after, before, test} from 'node:test';

import {Centrifuge as JsonClient} from 'centrifuge';
import {Centrifuge as ProtobufClient} from 'centrifuge/build/protobuf';
import WebSocket from 'ws';

import {Recorder} from './harness.mjs';
import {inSeconds, kSecret, sign} from './jwt.mjs';
import {startReady} from './ready.mjs';
import {rejectAfter} from './server.mjs';

const kConfig = {
  tokens: {hmac_secret: kSecret},
  limits: {
    rooms_per_connection: 3, command_burst: 40, commands_per_second: 1, errors_per_connection: 20,
    expiry_grace: '0s', connect_timeout: '1s', ping_interval: '1s', pong_timeout: '500ms',
  },
  rooms: {
    'open': {subscribe: 'users', publish: 'members', history: {messages: 10}, presence: true},
    'plain': {subscribe: 'users'},
    'closed': {},
  },
};

// What stock clients make of commands and replies, without the clients.
const kFormats = {
  json: {codec: new JsonClient('ws://x', {websocket: WebSocket})._codec, query: ''},
  protobuf: {
    codec: new ProtobufClient('ws://x', {websocket: WebSocket})._codec,
    query: '?format=protobuf',
  },
};

let server;
before(async () => { server = await startReady(kConfig); });
after(async () => { assert.equal(await server.stop(), 0, 'the server ends in good order'); });

const tokenOf = (sub, more = {}) => sign({sub, exp: inSeconds(60), ...more});

class Wire {
  constructor(format, url = server.url) {
    this.codec = kFormats[format].codec;
    this.bytes = (value) => format === 'json' ? value : Buffer.from(JSON.stringify(value));
    this.replies = new Recorder();
    this.next = 1;
    this.pongs = false;
    this.socket = new WebSocket(url + kFormats[format].query);
    this.socket.binaryType = 'arraybuffer';
    this.opened = new Promise((resolve) => this.socket.on('open', resolve));
    this.closed = new Promise((resolve) => this.socket.on('close', resolve));
    this.socket.on('error', () => {});
    this.socket.on('message', (data, binary) => {
      const replies = this.codec.decodeReplies(binary ? data : Buffer.from(data).toString());
      for (const reply of replies) {
        if (this.pongs && !reply.id && !reply.push) this.send({});
        this.replies.push(reply);
      }
    });
  }

  static async open(format, url) {
    const wire = new Wire(format, url);
    await wire.opened;
    return wire;
  }

  // One whose connect was answered with success.
  static async connected(format, user = 'ann', more = {}, url = server.url) {
    const wire = await Wire.open(format, url);
    assert.equal(await wire.ask({connect: {token: tokenOf(user, more)}}), 0);
    return wire;
  }

  send(command) { this.socket.send(this.codec.encodeCommands([command])); }

  raw(data) { this.socket.send(data); }

  // The number of the error that answers the command; 0: none.
  async ask(command) {
    const id = this.next++;
    this.send({id, ...command});
    const found = (list) => list.find((reply) => reply.id === id);
    return found(await this.replies.until(found, `an answer to ${JSON.stringify(command)}`))
               .error?.code ?? 0;
  }

  // The number that the room was left with.
  async left(room) {
    const found = (list) => list.find(({push}) => push?.channel === room && push.unsubscribe);
    return found(await this.replies.until(found, `to be out of ${room}`)).push.unsubscribe.code;
  }

  async end() { return Promise.race([this.closed, rejectAfter(15_000, 'no end comes')]); }
  close() { this.socket.terminate(); }
}

// Runs `check` in each format, with a connected client unless it wants none.
function each(what, check, {connect = true} = {}) {
  for (const format of Object.keys(kFormats)) {
    test(`${what} (${format})`, async () => {
      const wire = connect ? await Wire.connected(format) : await Wire.open(format);
      try {
        await check(wire, format);
      } finally {
        wire.close();
      }
    });
  }
}

const kEnter = {channel: 'open:1'};

each('101 to 112: a command that can not be done is answered with its number', async (wire) => {
  const publish = (channel) => ({publish: {channel, data: wire.bytes({})}});
  assert.equal(await wire.ask({subscribe: {channel: 'nothing:1'}}), 102);
  assert.equal(await wire.ask({subscribe: {channel: 'closed:1'}}), 103);
  assert.equal(await wire.ask(publish('open:1')), 103);
  assert.equal(await wire.ask({subscribe: kEnter}), 0);
  assert.equal(await wire.ask({subscribe: kEnter}), 105);
  assert.equal(await wire.ask(publish('open:1')), 0);
  assert.equal(await wire.ask({subscribe: {channel: 'open:2'}}), 0);
  assert.equal(await wire.ask({subscribe: {channel: 'plain:1'}}), 0);
  assert.equal(await wire.ask({subscribe: {channel: 'open:4'}}), 106);
  assert.equal(await wire.ask({subscribe: {channel: 'x'.repeat(256)}}), 107);
  assert.equal(await wire.ask({history: {channel: 'open:1', reverse: true, limit: 1,
                                         since: {offset: 0, epoch: ''}}}), 107);
  assert.equal(await wire.ask({rpc: {method: 'x', data: wire.bytes({})}}), 108);
  assert.equal(await wire.ask({history: {channel: 'plain:1', limit: 1}}), 108);
  assert.equal(await wire.ask({presence: {channel: 'plain:1'}}), 108);
  assert.equal(await wire.ask({subscribe: {channel: 'open:9', type: 1}}), 108);
  assert.equal(await wire.ask({history: {channel: 'open:1', limit: 1,
                                         since: {offset: 1, epoch: 'another'}}}), 112);
  assert.equal(await wire.ask({unsubscribe: {channel: 'never:there'}}), 0);
});

each('109, 110: tokens that are past their time', async (wire, format) => {
  const other = await Wire.open(format);
  assert.equal(await other.ask({connect: {token: tokenOf('ann', {exp: inSeconds(-60)})}}), 109);
  other.close();
  const late = (channel) => tokenOf('ann', {channel, exp: inSeconds(-60)});
  assert.equal(await wire.ask({subscribe: {channel: 'closed:1', token: late('closed:1')}}), 109);
  assert.equal(await wire.ask({subscribe: kEnter}), 0);
  assert.equal(await wire.ask({sub_refresh: {channel: 'open:1', token: late('open:1')},
                               subRefresh: {channel: 'open:1', token: late('open:1')}}), 110);
});

each('111, 3013: too many commands are refused, and then the client goes', async (wire) => {
  const codes = [];
  for (let n = 0; n < 45; ++n) codes.push(await wire.ask({unsubscribe: {channel: 'x'}}));
  assert.ok(codes.includes(111), `${codes}`);
  for (let n = 0; n < 60; ++n) wire.send({id: 1000 + n, unsubscribe: {channel: 'x'}});
  assert.ok([3013, 3509].includes(await wire.end()));
});

each('2000, 2501: out of a room by the server, and when the right to it ends', async (wire) => {
  assert.equal(await wire.ask({subscribe: kEnter}), 0);
  await server.call('unsubscribe', {user: 'ann', channel: 'open:1'});
  assert.equal(await wire.left('open:1'), 2000);
  const token = tokenOf('ann', {channel: 'closed:1', exp: inSeconds(2)});
  assert.equal(await wire.ask({subscribe: {channel: 'closed:1', token}}), 0);
  wire.pongs = true;
  assert.equal(await Promise.race([wire.left('closed:1'), wire.closed]), 2501);
});

each('3005, 3006: when a connection, or a room the server chose, comes to its end',
     async (wire, format) => {
       const bob = await Wire.connected(format, 'bob');
       await server.call('subscribe',
                         {user: 'bob', channel: 'open:5', expire_at: inSeconds(1)});
       assert.equal(await bob.end(), 3006);
       wire.send({id: 99, refresh: {token: tokenOf('ann', {exp: inSeconds(-60)})}});
       assert.equal(await wire.end(), 3005);
     });

each('3012: who does not answer a ping goes', async (wire) => {
  assert.equal(await wire.end(), 3012);
});

each('3500: tokens that are not good, and those of others', async (wire, format) => {
  const connect = await Wire.open(format);
  connect.send({id: 1, connect: {token: 'x.y.z'}});
  assert.equal(await connect.end(), 3500);
  const token = tokenOf('bob', {channel: 'closed:1'});
  wire.send({id: 99, subscribe: {channel: 'closed:1', token}});
  assert.equal(await wire.end(), 3500);
});

each('3501: what may not come then', async (wire, format) => {
  wire.send({id: 9, connect: {}});
  assert.equal(await wire.end(), 3501, 'a second connect');
  const bad = {
    'a pong nobody asked for': {},
    'a ping': {id: 9, ping: {}},
    'no id': {presence: {channel: 'open:1'}},
    'no room': {id: 9, subscribe: {channel: ''}},
  };
  for (const [what, command] of Object.entries(bad)) {
    const other = await Wire.connected(format);
    other.send(command);
    assert.equal(await other.end(), 3501, what);
  }
  const early = await Wire.open(format);
  early.send({id: 1, subscribe: kEnter});
  assert.equal(await early.end(), 3501, 'before connect');
  const nobody = await Wire.open(format);
  nobody.send({id: 1, connect: {}});
  assert.equal(await nobody.end(), 3501, 'no credentials');
});

each('3502: who never says who it is', async (wire) => {
  assert.equal(await wire.end(), 3502);
}, {connect: false});

each('3503, 4000 to 4999: the host tells a user to go', async (wire, format) => {
  await server.call('disconnect', {user: 'ann'});
  assert.equal(await wire.end(), 3503);
  const again = await Wire.connected(format);
  await server.call('disconnect', {user: 'ann', disconnect: {code: 4321}});
  assert.equal(await again.end(), 4321);
});

test('3506: bytes for a client of text', async () => {
  const wire = await Wire.connected('json');
  wire.raw(Buffer.from([1, 2, 3]));
  assert.equal(await wire.end(), 3506);
});

each('3508: a message that nobody takes', async (wire) => {
  wire.send({send: {data: wire.bytes({})}});
  assert.equal(await wire.end(), 3508);
});

each('3509: too many errors', async (wire) => {
  for (let n = 0; n < 25; ++n) wire.send({id: 100 + n, subscribe: {channel: 'nothing:1'}});
  assert.equal(await wire.end(), 3509);
});

each('1009: a message that is too large', async (wire) => {
  wire.raw(Buffer.alloc(80_000, 0x20));
  assert.ok([1009, 3506].includes(await wire.end()));
});

test('3001: the server ends', async () => {
  const other = await startReady(kConfig);
  const wires = [];
  for (const format of Object.keys(kFormats)) {
    wires.push(await Wire.connected(format, 'ann', {}, other.url));
  }
  const ended = other.stop();
  for (const wire of wires) assert.equal(await wire.end(), 3001);
  assert.equal(await ended, 0);
});
