// SPDX-License-Identifier: Apache-2.0
// The stock client where no WebSocket gets through: over HTTP-streaming and Server-Sent Events.
import assert from 'node:assert/strict';
import {after, afterEach, before, describe, test} from 'node:test';

import {EventSource} from 'eventsource';

import {Host, next, record, subscribe, until} from './harness.mjs';
import {Proxy} from './proxy.mjs';

const kPingIntervalS = 1;

let host;
let proxy;
before(async () => {
  host = await Host.start(['--ping-interval', String(kPingIntervalS)]);
  proxy = await Proxy.start(host.server.port);
});
afterEach(() => host.disconnect());
after(async () => {
  await proxy.stop();
  assert.equal(await host.stop(), 0, 'the server ends in good order');
});

const kPaths = {http_stream: '/connection/http_stream', sse: '/connection/sse'};

for (const transport of Object.keys(kPaths)) {
  const at = (port) => `http://127.0.0.1:${port}`;
  const connect = (user, options = {}, port = host.server.port) => host.connect(
      user, {eventsource: EventSource, emulationEndpoint: `${at(port)}/emulation`, ...options},
      [{transport, endpoint: at(port) + kPaths[transport]}]);

  describe(transport, () => {
    test('a client connects, calls, and gets answers to many calls at once', async () => {
      const client = await connect('ann');
      for (const data of [{a: 1}, 'text\nwith "marks" 마당', 0, null]) {
        assert.deepEqual((await client.rpc('echo', data)).data, data);
      }
      const answers = await Promise.all(
          Array.from({length: 50}, (_, i) => client.rpc('echo', {i}).then(({data}) => data.i)));
      assert.deepEqual(answers, Array.from({length: 50}, (_, i) => i));
    });

    test('publications go to and fro, between clients of different transports', async () => {
      const room = host.room();
      const ann = await subscribe(await connect('ann'), room);
      const bob = await subscribe(await host.connect('bob'), room);
      const seenByAnn = record(ann, 'publication');
      const seenByBob = record(bob, 'publication');
      for (let n = 0; n < 20; ++n) await (n % 2 ? ann : bob).publish({n});
      for (const seen of [seenByAnn, seenByBob]) {
        assert.deepEqual((await seen.first(20)).map(({data}) => data.n),
                         Array.from({length: 20}, (_, n) => n));
      }
    });

    test('presence, joins, leaves and history are as over WebSocket', async () => {
      const room = host.room();
      const ann = await subscribe(await connect('ann'), room, {joinLeave: true});
      const joins = record(ann, 'join');
      const leaves = record(ann, 'leave');
      const bob = await connect('bob');
      await (await subscribe(bob, room)).publish({word: 'kept'});
      await joins.until((list) => list.some(({info}) => info.user === 'bob'), 'bob joins');
      const {clients} = await ann.presence();
      assert.deepEqual(Object.values(clients).map(({user}) => user).sort(), ['ann', 'bob']);
      const {publications} = await ann.history({limit: 10});
      assert.deepEqual(publications.map(({data}) => data), [{word: 'kept'}]);
      bob.disconnect();
      await leaves.until((list) => list.some(({info}) => info.user === 'bob'), 'bob leaves');
      await until(async () => (await ann.presenceStats()).numClients === 1, 'ann is alone');
    });

    test('a cut stream is made again, and misses nothing', async () => {
      const room = host.room();
      const reader = await subscribe(await connect('reader', {}, proxy.port), room);
      const writer = await subscribe(await host.connect('writer'), room);
      const seen = record(reader, 'publication');
      for (let n = 1; n <= 300; ++n) {
        await writer.publish({n});
        if (n % 100 === 50) proxy.cut();
      }
      const list = await seen.first(300, 'all messages');
      assert.deepEqual(list.map(({data}) => data.n), Array.from({length: 300}, (_, i) => i + 1));
      assert.equal(seen.list.length, 300);
    });

    test('pings are answered beside the stream, so that it lives on', async () => {
      const client = await connect('ann');
      const ends = record(client, 'connecting');
      const before = await host.counters(client);
      await new Promise((resolve) => setTimeout(resolve, 3.5 * kPingIntervalS * 1000));
      const after = await host.counters(client);
      assert.equal(ends.list.length, 0, 'it never reconnected');
      assert.equal(after.closed_no_pong, before.closed_no_pong);
    });

    test('a client that says goodbye is gone at once', async () => {
      const watcher = await host.connect('watcher');
      const before = (await host.counters(watcher)).sessions;
      const client = await connect('ann');
      assert.equal((await host.counters(watcher)).sessions, before + 1);
      client.disconnect();
      await until(async () => (await host.counters(watcher)).sessions === before, 'it is gone');
    });

    test('a server that ends says so on the stream', async () => {
      const other = await Host.start();
      const base = at(other.server.port);
      const client = await other.connect(
          'ann', {eventsource: EventSource, emulationEndpoint: `${base}/emulation`},
          [{transport, endpoint: base + kPaths[transport]}]);
      const gone = next(client, 'connecting');
      const code = await other.server.stop();
      assert.equal((await gone).code, 3001);
      assert.equal(code, 0);
      client.disconnect();
    });

    test('what is against the protocol ends the stream for good, with its code', async () => {
      const client = await connect('ann');
      const gone = next(client, 'disconnected');
      // A pong that nobody asked for, as no stock client would send it.
      client._transport.send('{}\n{}', client._session, client._node);
      assert.equal((await gone).code, 3501);
    });

    test('commands for a server that has started anew make the client connect again', async () => {
      const client = await connect('ann');
      const again = next(client, 'connecting');
      client._node = 'another';
      client.rpc('echo', {}).catch(() => {});
      await again;
      await next(client, 'connected');
      assert.deepEqual((await client.rpc('echo', {back: true})).data, {back: true});
    });
  });
}

test('fallback: where WebSocket is refused the client takes the next transport by itself',
     async () => {
       const base = `http://127.0.0.1:${host.server.port}`;
       const client = await host.connect(
           'ann', {eventsource: EventSource, emulationEndpoint: `${base}/emulation`},
           [{transport: 'websocket', endpoint: `ws://127.0.0.1:${host.server.port}/nothing`},
            {transport: 'http_stream', endpoint: `${base}/connection/http_stream`}]);
       assert.deepEqual((await client.rpc('echo', {a: 1})).data, {a: 1});
     });
