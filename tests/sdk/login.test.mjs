// SPDX-License-Identifier: Apache-2.0
// Who somebody is in examples/chat, and who they can not be.

import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {chmod, mkdtemp, readFile, rm, stat, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {inSeconds, sign, unsigned} from './jwt.mjs';
import {logIn} from './login.mjs';
import {RawSocket} from './raw.mjs';
import {kChat, pathOf, startServer} from './server.mjs';

const kInvalidToken = 3500;

let folder;
let keyFile;
let secret;
let server;
const start = (file = keyFile) => startServer(kChat, ['--store', 'memory', '--key-file', file]);
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'madang-login-'));
  keyFile = path.join(folder, 'chat.key');
  server = await start();
  secret = (await readFile(keyFile, 'utf8')).trim();
});
after(async () => {
  assert.equal(await server.stop(), 0, 'the server ends in good order');
  await rm(folder, {recursive: true});
});

// How a connection with `connect` ends: the code of its error, or with which it was closed.
async function refusal(connect) {
  const raw = await RawSocket.open(server.port);
  raw.send({id: 1, connect});
  const [answer] = await raw.events.until((list) => list.length >= 2, 'an answer')
      .then(() => raw.replies());
  if (answer) {
    raw.socket.destroy();
    return answer.error?.code ?? 'in';
  }
  return raw.end();
}

// Who wrote what somebody with this token, and this connect data, has written.
async function authorOf(token, data) {
  const raw = await RawSocket.open(server.port);
  const channel = 'chat:author';
  raw.send({id: 1, connect: {token, data}}, {id: 2, subscribe: {channel}},
           {id: 3, publish: {channel, data: {id: 'm', text: 'x', user: data?.user}}});
  const {publish} = await raw.reply(3);
  assert.ok(publish);
  raw.send({id: 4, history: {channel, limit: 1, reverse: true}});
  const {history: {publications: [{data: {user, name}}]}} = await raw.reply(4);
  raw.socket.destroy();
  return {user, name};
}

test('who shows the pass of an earlier login is the same, under any name', async () => {
  const first = await logIn(server.page, {name: 'Ann'});
  assert.match(first.user, /^[0-9a-f]{32}$/);
  const again = await logIn(server.page, {name: 'Anna', pass: first.pass});
  assert.equal(again.user, first.user);
  assert.deepEqual(await authorOf(again.token), {user: first.user, name: 'Anna'});
  const other = await logIn(server.page, {name: 'Ann', pass: ''});
  assert.notEqual(other.user, first.user);
});

test('who says to be another person in what they connect or write with does not become them',
     async () => {
  const ann = await logIn(server.page, {name: 'Ann'});
  const eve = await logIn(server.page, {name: 'Eve'});
  const author = await authorOf(eve.token, {user: ann.user, name: 'Ann'});
  assert.deepEqual(author, {user: eve.user, name: 'Eve'});
  assert.equal(await refusal({data: {user: ann.user, name: 'Ann'}}), 3501, 'without a token');
});

test('a pass that is not good makes somebody new', async () => {
  const {user, pass, token} = await logIn(server.page, {name: 'Ann'});
  const claims = {sub: user, aud: 'chat-pass', exp: inSeconds(600)};
  const [head, , code] = pass.split('.');
  const [, body] = sign({...claims, sub: 'f'.repeat(32)}).split('.');
  const forged = {
    'not signed': unsigned(claims),
    'signed with another secret': sign(claims, 'b'.repeat(64)),
    'with another user in it': `${head}.${body}.${code}`,
    'ended': sign({...claims, exp: inSeconds(-60)}, secret),
    'without an end': sign({...claims, exp: undefined}, secret),
    'for another audience': sign({...claims, aud: 'mail'}, secret),
    'a token for connections': token,
    'a text': 'x',
  };
  for (const [what, one] of Object.entries(forged)) {
    const made = await logIn(server.page, {name: 'Ann', pass: one});
    assert.match(made.user, /^[0-9a-f]{32}$/, what);
    assert.ok(made.user !== user && made.user !== 'f'.repeat(32), what);
  }
  const good = await logIn(server.page, {name: 'Ann', pass: sign(claims, secret)});
  assert.equal(good.user, user, 'only those were refused');
});

test('a token that is not good lets nobody in', async () => {
  const {user, pass} = await logIn(server.page, {name: 'Ann'});
  const claims = {sub: user, aud: 'chat', exp: inSeconds(60), info: {name: 'Ann'}};
  const forged = {
    'not signed': unsigned(claims),
    'signed with another secret': sign(claims, 'b'.repeat(64)),
    'for another audience': sign({...claims, aud: 'mail'}, secret),
    'a pass': pass,
    'without an end': sign({...claims, exp: undefined}, secret),
    'a text': 'x',
  };
  for (const [what, token] of Object.entries(forged)) {
    assert.equal(await refusal({token}), kInvalidToken, what);
  }
  assert.equal(await refusal({token: sign({...claims, exp: inSeconds(-60)}, secret)}), 109);
  assert.equal(await refusal({token: sign(claims, secret)}), 'in', 'only those were refused');
});

test('what is no login is told so', async () => {
  const bad = [
    '', '{', [], 'Ann', {}, {name: 1}, {name: ''}, {name: ' '}, {name: 'A\nB'},
    {name: 'x'.repeat(129)}, {name: 'Ann', pass: 1}, {name: 'Ann', pass: null}, {pass: 'x'},
    '['.repeat(4000), '{"name":"\xff"}',
  ];
  for (const body of bad.slice(0, -1)) {
    assert.equal(await logIn(server.page, body), 400, JSON.stringify(body));
  }
  const latin = await fetch(new URL('/login', server.page),
                            {method: 'POST', body: Buffer.from(bad.at(-1), 'latin1')});
  assert.equal(latin.status, 400, 'a name that is not UTF-8');
  assert.equal(await logIn(server.page, {name: 'Ann', pass: 'x'.repeat(4096)}), 413);
  assert.equal((await fetch(new URL('/login', server.page))).status, 405);
});

test('pages from elsewhere may not log in', async () => {
  const from = (Origin) => logIn(server.page, {name: 'Ann'}, {Origin});
  for (const origin of ['https://example.org', 'null', `http://localhost:${server.port + 1}`,
                        `http://localhost.example.org:${server.port}`]) {
    assert.equal(await from(origin), 403, origin);
  }
  assert.ok((await from(`http://localhost:${server.port}`)).token);
});

test('nobody keeps the answer but who asked', async () => {
  const response = await fetch(new URL('/login', server.page),
                               {method: 'POST', body: '{"name":"Ann"}'});
  assert.equal(response.headers.get('cache-control'), 'no-store');
  assert.match(response.headers.get('content-type'), /json/);
});

test('a server that is killed and started again with its key knows everybody', async () => {
  const ann = await logIn(server.page, {name: 'Ann'});
  assert.equal(await server.stop('SIGKILL'), 'SIGKILL');
  server = await start();
  assert.equal(await refusal({token: ann.token}), 'in', 'the old token is still good');
  assert.equal((await logIn(server.page, {name: 'Ann', pass: ann.pass})).user, ann.user);

  assert.equal(await server.stop(), 0);
  server = await start(path.join(folder, 'other.key'));
  assert.equal(await refusal({token: ann.token}), kInvalidToken, 'a server with another key');
  assert.notEqual((await logIn(server.page, {name: 'Ann', pass: ann.pass})).user, ann.user);
  assert.equal(await server.stop(), 0);
  server = await start();
});

test('the key is for its owner alone, and a bad one is told', async () => {
  assert.equal((await stat(keyFile)).mode & 0o777, 0o600);
  assert.match(secret, /^[0-9a-f]{64}$/);
  const bad = path.join(folder, 'bad.key');
  const says = (file) => {
    const {status, stderr} = spawnSync(
        pathOf(kChat), ['--port', '0', '--store', 'memory', '--key-file', file],
        {encoding: 'utf8'});
    assert.equal(status, 1);
    return stderr;
  };
  await writeFile(bad, `${secret}\n`, {mode: 0o600});
  for (const mode of [0o640, 0o604, 0o660]) {
    await chmod(bad, mode);
    assert.match(says(bad), /open to others.*chmod 600/);
  }
  await chmod(bad, 0o600);
  for (const text of ['', 'x', secret.slice(1), `${secret}0`, secret.toUpperCase()]) {
    await writeFile(bad, text);
    assert.match(says(bad), /holds no secret/, text);
  }
  assert.match(says(folder), /not an ordinary file/);
  assert.match(says(path.join(folder, 'nowhere', 'chat.key')), /can not be made/);
});
