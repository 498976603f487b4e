// SPDX-License-Identifier: Apache-2.0
// The ready server as its users meet it: clients with tokens that a login of another language
// signed, kinds of rooms, and a backend that calls its HTTP API.
import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';

import {Centrifuge as JsonClient} from 'centrifuge';
import {Centrifuge as ProtobufClient} from 'centrifuge/build/protobuf';
import {EventSource} from 'eventsource';

import {Host, next, record, until} from './harness.mjs';
import {inSeconds, kSecret, sign, unsigned} from './jwt.mjs';
import {kKey, startReady} from './ready.mjs';

const kConfig = {
  tokens: {hmac_secret: kSecret, audience: 'chat'},
  personal_rooms: {kind: ''},
  rooms: {
    '': {},
    'chat': {subscribe: 'users', publish: 'members', presence: true, announce: 'by_session',
             history: {messages: 100}},
    'news': {subscribe: 'everyone'},
  },
};

let host;
before(async () => { host = new Host(await startReady(kConfig)); });
afterEach(() => host.disconnect());
after(async () => { assert.equal(await host.stop(), 0, 'the server ends in good order'); });

// Every way in that a stock client has.
const kWays = [['websocket', 'json'], ['websocket', 'protobuf'], ['http_stream', 'json'],
               ['http_stream', 'protobuf'], ['sse', 'json']];

function clientOf([transport, format], options) {
  const at = `http://127.0.0.1:${host.server.port}`;
  const endpoint = transport === 'websocket' ? host.server.url : `${at}/connection/${transport}`;
  host.Client = format === 'json' ? JsonClient : ProtobufClient;
  return host.client({eventsource: EventSource, emulationEndpoint: `${at}/emulation`, ...options},
                     [{transport, endpoint}]);
}

const call = (...request) => host.server.call(...request);
const tokenOf = (sub, more = {}) => sign({aud: 'chat', sub, exp: inSeconds(60), ...more});

async function come(token, options = {}) {
  const client = host.client({token, ...options});
  const connected = next(client, 'connected');
  client.connect();
  await connected;
  return client;
}

async function refusal(token) {
  const client = host.client({token});
  client.connect();
  return next(client, 'disconnected');
}

async function enter(client, room, options = {}) {
  const subscription = client.newSubscription(room, options);
  const subscribed = next(subscription, 'subscribed');
  subscription.subscribe();
  await subscribed;
  return subscription;
}

for (const way of kWays) {
  test(`${way.join(', ')}: a token lets its user in, and newer ones go on with it`,
       async () => {
         let asked = 0;
         const client = clientOf(way, {
           token: tokenOf('ann', {exp: inSeconds(2)}),
           getToken: async () => { ++asked; return tokenOf('ann', {exp: inSeconds(2)}); },
         });
         const connected = next(client, 'connected');
         client.connect();
         assert.equal((await connected).transport, way[0]);
         const drops = record(client, 'connecting');
         let roomTokens = 0;
         await enter(client, 'secret', {
           getToken: async ({channel}) => {
             ++roomTokens;
             return tokenOf('ann', {channel, exp: inSeconds(2)});
           },
         });
         await until(() => asked >= 2 && roomTokens >= 3, 'two refreshes of each');
         assert.deepEqual(drops.list, [], 'it never reconnected');
       });
}

test('one whose token has ended fetches another one and comes in', async () => {
  let asked = 0;
  const client = await come(tokenOf('ann', {exp: inSeconds(-60)}),
                            {getToken: async () => { ++asked; return tokenOf('ann'); }});
  assert.equal(asked, 1);
  assert.equal(client.state, 'connected');
});

test('tokens that are not good are told so, and the client stays away', async () => {
  const bad = {
    'no token of ours': 'x.y.z',
    'none': unsigned({sub: 'ann', aud: 'chat', exp: inSeconds(60)}),
    'another secret': sign({aud: 'chat', sub: 'ann', exp: inSeconds(60)}, 'b'.repeat(40)),
    'another audience': tokenOf('ann', {aud: 'mail'}),
    'without an end': sign({aud: 'chat', sub: 'ann'}),
    'not valid yet': tokenOf('ann', {nbf: inSeconds(3600)}),
    'of a room': tokenOf('ann', {channel: 'secret'}),
    'another algorithm': sign({aud: 'chat', sub: 'ann', exp: inSeconds(60)}, kSecret, 'RS256'),
    'long': tokenOf('ann', {info: 'x'.repeat(20_000)}),
  };
  for (const [what, token] of Object.entries(bad)) {
    assert.equal((await refusal(token)).code, 3500, what);
  }
  assert.equal((await refusal('')).code, 3501, 'no credentials');
});

test('a room is entered by its kind, by its token, or by its name', async () => {
  const ann = await come(tokenOf('ann'));
  await enter(ann, 'chat:1');
  await enter(ann, 'news:1');
  await enter(ann, 'talk#ann,bob');
  await enter(ann, '$chat:2', {token: tokenOf('ann', {channel: '$chat:2'})});
  const refused = {'secret': 103, '$chat:3': 103, 'talk#bob': 103, 'no:1': 102};
  for (const [room, code] of Object.entries(refused)) {
    const subscription = ann.newSubscription(room);
    subscription.subscribe();
    assert.equal((await next(subscription, 'unsubscribed')).code, code, room);
  }
  const stranger = ann.newSubscription('chat:4', {
    token: tokenOf('bob', {channel: 'chat:4'}),
  });
  stranger.subscribe();
  assert.equal((await next(ann, 'disconnected')).code, 3500);
});

test('a backend publishes to a room and to a user, and sees who is there', async () => {
  const ann = await come(tokenOf('ann', {info: {name: 'Ann'}}));
  const own = record(ann, 'publication');
  const room = await enter(ann, 'chat:9');
  const seen = record(room, 'publication');
  assert.deepEqual((await call('publish', {channel: 'chat:9', data: {n: 1}})).error, undefined);
  assert.deepEqual((await seen.first(1))[0].data, {n: 1});
  await call('publish', {channel: '#ann', data: 'for you'});
  assert.equal((await own.first(1))[0].data, 'for you');

  const {result: {presence}} = await call('presence', {channel: 'chat:9'});
  assert.deepEqual(Object.values(presence).map(({user, conn_info}) => [user, conn_info]),
                   [['ann', {name: 'Ann'}]]);
  assert.equal(await call('info', {}, {}), 401);
  assert.equal(await call('info', {}, {'X-API-Key': `${kKey}.`}), 401);

  await call('disconnect', {user: 'ann', disconnect: {code: 4500, reason: 'bye'}});
  assert.equal((await next(ann, 'disconnected')).code, 4500);
});

test('the port of the clients has no API', async () => {
  const response = await fetch(`http://127.0.0.1:${host.server.port}/api/info`,
                               {method: 'POST', headers: {'X-API-Key': kKey}, body: ''});
  assert.equal(response.status, 404);
});
