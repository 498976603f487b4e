// SPDX-License-Identifier: Apache-2.0
// The stock Python client (package centrifuge-python), which Debian does not have. It is found by
// the interpreter that MADANG_PYTHON names, or python3; where it is not, this is skipped.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';

import {Recorder} from './harness.mjs';
import {inSeconds, kSecret, sign} from './jwt.mjs';
import {startReady} from './ready.mjs';

const python = process.env.MADANG_PYTHON ?? 'python3';
const there = spawnSync(python, ['-c', 'import centrifuge']).status === 0;
const skip = there ? false : `${python} has no centrifuge-python; pip install centrifuge-python`;
const script = fileURLToPath(new URL('python_client.py', import.meta.url));

const kConfig = {
  tokens: {hmac_secret: kSecret},
  rooms: {
    '': {subscribe: 'users', publish: 'members', presence: true, delta: true,
         history: {messages: 100}},
  },
};

let server;
before(async () => {
  if (!skip) server = await startReady(kConfig);
});
after(async () => {
  if (!skip) assert.equal(await server.stop(), 0, 'the server ends in good order');
});

async function call(method, params) {
  const {result, error} = await server.call(method, params);
  assert.equal(error, undefined);
  return result;
}

class Client {
  constructor(format, room) {
    const url = format === 'json' ? server.url : `${server.url}?format=protobuf`;
    const token = sign({sub: 'py', exp: inSeconds(600)});
    this.child = spawn(python, [script, url, token, format, room],
                       {stdio: ['ignore', 'pipe', 'inherit']});
    this.ended = once(this.child, 'exit');
    this.events = new Recorder();
    createInterface({input: this.child.stdout}).on('line',
                                                   (line) => this.events.push(JSON.parse(line)));
  }

  // The n-th event of this kind.
  async event(name, n = 1) {
    const of = (list) => list.filter(({event}) => event === name);
    return of(await this.events.until((list) => of(list).length >= n, `${n} x ${name}`))[n - 1];
  }

  messages() {
    return this.events.list.filter(({event}) => event === 'publication').map(({data}) => data);
  }
}

for (const format of ['json', 'protobuf']) {
  test(`python, ${format}: messages, questions, and recovery of what came while it was away`,
       {skip, timeout: 60_000}, async () => {
         const room = `python-${format}`;
         const say = (data) => call('publish', {channel: room, data});
         const client = new Client(format, room);
         try {
           await client.event('subscribed');
           const long = (n) => ({n, text: 'the same again and again, '.repeat(20)});
           for (let n = 0; n < 20; ++n) await say(long(n));
           await client.event('publication', 20);
           assert.deepEqual(client.messages(), Array.from({length: 20}, (_, n) => long(n)));

           await say({ask: 'publish'});
           assert.deepEqual((await client.event('publication', 22)).data, {from: 'python'});
           await say({ask: 'history'});
           assert.deepEqual((await client.event('history')).data, client.messages());
           await say({ask: 'stats'});
           assert.deepEqual(await client.event('stats'), {event: 'stats', clients: 1, users: 1});
           await say({ask: 'presence'});
           assert.deepEqual((await client.event('presence')).users, ['py']);
           await say({ask: 'rpc'});
           assert.equal((await client.event('rpc')).code, 108);

           // Away, and back for what came meanwhile.
           const {client: id} = await client.event('connected');
           const {presence} = await call('presence', {channel: room});
           assert.deepEqual(Object.keys(presence), [id]);
           const seen = client.messages().length;
           client.child.kill('SIGSTOP');
           await call('disconnect', {user: 'py', disconnect: {code: 3011}});
           for (let n = 0; n < 10; ++n) await say(long(n));
           client.child.kill('SIGCONT');
           await client.event('publication', seen + 10);
           assert.equal((await client.event('subscribed', 2)).recovered, true);
           await say({ask: 'end'});
           assert.deepEqual((await client.ended), [0, null]);
           assert.deepEqual(client.messages().slice(seen, -1),
                            Array.from({length: 10}, (_, n) => long(n)));
         } finally {
           client.child.kill('SIGKILL');
         }
       });
}
