// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';

import {Host, next, record, subscribe, until} from './harness.mjs';

let host;
before(async () => { host = await Host.start(); });
afterEach(() => host.disconnect());
after(async () => { assert.equal(await host.stop(), 0, 'the server ends in good order'); });

test('connect: a client is told its id', async () => {
  const client = host.client();
  client.connect();
  const {client: id, transport} = await next(client, 'connected');
  assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(transport, 'websocket');
});

test('rpc: the answer comes back to its caller, whatever it holds', async () => {
  const client = await host.connect('ann');
  for (const data of [{a: 1}, [], 'text\nwith "marks" 마당', 0, null, {deep: [[[{x: []}]]]}]) {
    assert.deepEqual((await client.rpc('echo', data)).data, data);
  }
});

test('rpc: many at once are answered each to its own', async () => {
  const client = await host.connect('ann');
  const answers = await Promise.all(
      Array.from({length: 500}, (_, i) => client.rpc('echo', {i}).then(({data}) => data.i)));
  assert.deepEqual(answers, Array.from({length: 500}, (_, i) => i));
});

test('send: a message without an answer reaches the host, and the host may send one back',
     async () => {
       const client = await host.connect('ann');
       const messages = record(client, 'message');
       await client.send({word: 'hello'});
       const [{data}] = await messages.first(1);
       assert.deepEqual(data, {word: 'hello'});
     });

test('refresh: a connection with a token that ends goes on with a new one', async () => {
  let asked = 0;
  const client = host.client({
    token: 'expires:1',
    getToken: async () => {
      ++asked;
      return 'expires:1';
    },
  });
  const ends = record(client, 'connecting');
  client.connect();
  await next(client, 'connected');
  await until(() => asked >= 2, 'two refreshes');
  assert.deepEqual((await client.rpc('echo', {still: 'here'})).data, {still: 'here'});
  assert.equal(ends.list.filter(({code}) => code !== 0).length, 0, 'it never reconnected');
});

test('refresh: a subscription with a token that ends goes on with a new one', async () => {
  const client = await host.connect('ann');
  let asked = 0;
  const subscription = await subscribe(client, host.room(), {
    token: 'expires:1',
    getToken: async () => {
      ++asked;
      return 'expires:1';
    },
  });
  const left = record(subscription, 'subscribing');
  await until(() => asked >= 2, 'two refreshes');
  await subscription.publish({still: 'here'});
  assert.equal(left.list.length, 0, 'it never subscribed again');
});

test('drain: a server that ends tells its clients to come again', async () => {
  const other = await Host.start();
  const client = await other.connect('ann');
  const gone = next(client, 'connecting');
  const code = await other.server.stop();
  assert.equal((await gone).code, 3001);
  assert.equal(code, 0);
  client.disconnect();
});
