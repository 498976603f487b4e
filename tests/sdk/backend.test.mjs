// SPDX-License-Identifier: Apache-2.0
// A backend in another language decides: the ready server asks it over HTTP.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import http from 'node:http';
import {after, afterEach, before, beforeEach, test} from 'node:test';

import {Host, next, record, until} from './harness.mjs';
import {startReady} from './ready.mjs';

const kMethods = ['connect', 'refresh', 'subscribe', 'publish', 'rpc', 'sub_refresh', 'disconnect',
                  'unsubscribe'];

// Answers by `answers`, and keeps what it was asked. One that is undefined never answers.
class Backend {
  async start() {
    this.asked = [];
    this.server = http.createServer(async (request, response) => {
      let body = '';
      for await (const piece of request) body += piece;
      const method = request.url.slice(1);
      const asked = JSON.parse(body);
      this.asked.push({method, ...asked});
      assert.equal(request.headers.authorization, 'the server of the chat');
      const answer = await this.answers[method]?.(asked);
      if (answer === undefined) return;
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    });
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return this.server.address().port;
  }

  reset() {
    this.asked = [];
    this.answers = {
      connect: ({data}) => ({result: {user: data.user, info: {name: data.user}}}),
      subscribe: () => ({result: {}}),
      publish: () => ({result: {}}),
      rpc: ({method, data, user}) => ({result: {data: {method, data, user}}}),
      disconnect: () => ({}),
      unsubscribe: () => ({}),
    };
  }

  of(method) { return this.asked.filter((asked) => asked.method === method); }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

const backend = new Backend();
let host;
before(async () => {
  const port = await backend.start();
  const urls = kMethods.map((method) => [method, `http://127.0.0.1:${port}/${method}`]);
  host = new Host(await startReady({
    backend: {...Object.fromEntries(urls), timeout: '500ms',
              headers: ['Authorization: the server of the chat']},
    limits: {expiry_grace: '1s'},
    rooms: {'': {subscribe: 'backend', publish: 'backend', history: {messages: 10}}},
  }));
});
beforeEach(() => backend.reset());
afterEach(() => host.disconnect());
after(async () => {
  assert.equal(await host.stop(), 0, 'the server ends in good order');
  backend.stop();
});

async function enter(client, room) {
  const subscription = client.newSubscription(room);
  subscription.subscribe();
  const outcome = await Promise.race([
    next(subscription, 'subscribed'),
    next(subscription, 'unsubscribed'),
    next(subscription, 'error').then(({error}) => error),
  ]);
  return {subscription, ...outcome};
}

test('it says who somebody is, where they may go and what they may say', async () => {
  backend.answers.subscribe = ({channel}) =>
      channel === 'open' ? {result: {data: {welcome: 1}}} : {error: {code: 403, message: 'no'}};
  backend.answers.publish = ({data}) => ({result: {data: {...data, checked: true}}});
  const ann = await host.connect('ann');
  assert.deepEqual((await enter(ann, 'open')).data, {welcome: 1});
  assert.equal((await enter(ann, 'closed')).code, 403);
  const seen = record(ann.getSubscription('open'), 'publication');
  await ann.publish('open', {text: 'hello'});
  const [{data, info}] = await seen.first(1);
  assert.deepEqual(data, {text: 'hello', checked: true});
  assert.deepEqual([info.user, info.connInfo], ['ann', {name: 'ann'}]);
  assert.deepEqual((await ann.rpc('sum', {a: 1})).data, {method: 'sum', data: {a: 1}, user: 'ann'});
  const [asked] = backend.of('publish');
  assert.deepEqual([asked.user, asked.channel, asked.transport, asked.protocol],
                   ['ann', 'open', 'websocket', 'json']);
});

test('it is told who left a room, and who is gone', async () => {
  const ann = await host.connect('ann');
  const {subscription} = await enter(ann, 'open');
  subscription.unsubscribe();
  await until(() => backend.of('unsubscribe').length === 1, 'word of the room');
  ann.disconnect();
  await until(() => backend.of('disconnect').length === 1, 'word of the end');
  assert.equal(backend.of('disconnect')[0].user, 'ann');
});

test('it sends somebody away, with a number of its own', async () => {
  backend.answers.connect = () => ({disconnect: {code: 4501, reason: 'banned'}});
  const client = host.client({data: {user: 'eve'}});
  client.connect();
  const {code, reason} = await next(client, 'disconnected');
  assert.deepEqual([code, reason], [4501, 'banned']);
});

test('what it says of the end of a connection is asked again when that comes', async () => {
  const inOneSecond = () => Math.floor(Date.now() / 1000) + 1;
  backend.answers.connect = () => ({result: {user: 'ann', expire_at: inOneSecond()}});
  backend.answers.refresh = () => ({result: {expire_at: inOneSecond()}});
  const ann = await host.connect('ann');
  await until(() => backend.of('refresh').length >= 2, 'two refreshes');
  assert.equal(ann.state, 'connected');
  backend.answers.refresh = () => ({result: {expired: true}});
  assert.equal((await next(ann, 'connecting')).code, 3005);
});

test('while it is silent, or talks rubbish, clients try again, and find it when it is back',
     async () => {
       const good = backend.answers.connect;
       for (const bad of [() => undefined, () => 'rubbish', () => ({result: 1}),
                          () => `{"result":{"user":"${'x'.repeat(100_000)}"}}`]) {
         backend.answers.connect = bad;
         const client = host.client({data: {user: 'ann'}});
         const errors = record(client, 'error');
         client.connect();
         await errors.until((list) => list.some(({error}) => error.code === 100), 'a 100');
         backend.answers.connect = good;
         await next(client, 'connected');
         client.disconnect();
       }
     });
