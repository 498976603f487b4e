// SPDX-License-Identifier: Apache-2.0
// The rules of examples/chat, and how the program begins and ends. Who somebody is, is for
// login.test.mjs.

import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {after, before, test} from 'node:test';

import {logIn} from './login.mjs';
import {RawSocket} from './raw.mjs';
import {kChat, pathOf, startServer} from './server.mjs';

let server;
before(async () => { server = await startServer(kChat, ['--store', 'memory']); });
after(async () => { assert.equal(await server.stop(), 0, 'the server ends in good order'); });

// A connection of somebody who has logged in, and a function that asks and resolves with the reply.
// With the `pass` of an earlier one it is the same person.
async function come(name, pass) {
  const me = await logIn(server.page, {name, pass});
  const raw = await RawSocket.open(server.port);
  let id = 0;
  const ask = async (command) => {
    raw.send({id: ++id, ...command});
    return raw.reply(id);
  };
  assert.ok((await ask({connect: {token: me.token}})).connect);
  return {raw, ask, me};
}

const enter = (name) => ({subscribe: {channel: `chat:${name}`}});
const write = (name, data) => ({publish: {channel: `chat:${name}`, data}});

test('rules: a room is named by letters and digits of any script', async () => {
  const {raw, ask} = await come('Ann');
  for (const name of ['lobby', '마당', 'Ünïcode_9-', 'ж'.repeat(32)]) {
    assert.ok((await ask(enter(name))).subscribe, name);
  }
  for (const name of ['', 'a b', 'a/b', 'a.b', 'x'.repeat(33), 'a\u200bb', '🙂', 'a\u2028b']) {
    assert.equal((await ask(enter(name))).error?.code, 103, name);
  }
  assert.equal((await ask({subscribe: {channel: 'lobby'}})).error?.code, 102);
  raw.socket.destroy();
});

test('rules: the server says who wrote a message, and when', async () => {
  const {raw, ask, me} = await come('Ann "A" \\');
  await ask(enter('author'));
  const forged = {id: 'm1', text: 'a\nb "c" \\ \u0001', user: 'bob', name: 'Bob', time: 1, more: 1};
  assert.ok((await ask(write('author', forged))).publish);
  const {publications} =
      (await ask({history: {channel: 'chat:author', limit: 10}})).history;
  const [{data}] = publications;
  assert.ok(Math.abs(data.time - Date.now()) < 60_000);
  assert.deepEqual(data, {id: 'm1', text: forged.text, user: me.user, name: 'Ann "A" \\',
                          time: data.time});
  raw.socket.destroy();
});

test('rules: what is no message is refused, and so is who is not in the room', async () => {
  const {raw, ask} = await come('Ann');
  await ask(enter('strict'));
  const bad = [{}, [], 'text', {id: 'm', text: ''}, {id: 'm', text: ' \n'}, {id: '', text: 'x'},
               {id: 'a b', text: 'x'}, {id: 'm', text: 'x'.repeat(8001)}, {id: 1, text: 'x'}];
  for (const data of bad) {
    assert.equal((await ask(write('strict', data))).error?.code, 107, JSON.stringify(data));
  }
  const {error} = await ask(write('elsewhere', {id: 'm', text: 'x'}));
  assert.equal(error?.code, 103);
  raw.socket.destroy();
});

test('rules: the same message sent twice is kept once, and only for its author', async () => {
  const ann = await come('Ann');
  const bob = await come('Bob');
  for (const {ask} of [ann, bob]) await ask(enter('once'));
  const message = write('once', {id: 'same', text: 'x'});
  for (const {ask} of [ann, ann, bob, ann]) assert.ok((await ask(message)).publish);
  const {history} = await ann.ask({history: {channel: 'chat:once', limit: 10}});
  assert.deepEqual(history.publications.map(({data}) => data.user), [ann.me.user, bob.me.user]);
  for (const {raw} of [ann, bob]) raw.socket.destroy();
});

test('rules: rooms are listed with people, not tabs', async () => {
  const one = await come('Ann');
  const again = await come('Ann', one.me.pass);
  for (const {ask} of [one, again]) await ask(enter('listed'));
  const {rpc} = await one.ask({rpc: {method: 'rooms'}});
  assert.deepEqual(rpc.data.rooms.find(({name}) => name === 'listed'), {name: 'listed', people: 1});
  assert.equal((await one.ask({rpc: {method: 'other'}})).error?.code, 108);
  for (const {raw} of [one, again]) raw.socket.destroy();
});

test('rules: a member searches a room, page by page; nobody else does', async () => {
  const ann = await come('Ann');
  const bob = await come('Bob');
  await ann.ask(enter('found'));
  for (let i = 1; i <= 40; ++i) await ann.ask(write('found', {id: `m${i}`, text: `word n${i}`}));
  const search = (more) => ({rpc: {method: 'search', data: {room: 'chat:found', ...more}}});
  const offsets = [];
  for (let below = null, pages = 0; pages === 0 || (below && pages < 9); ++pages) {
    const {data} = (await ann.ask(search({text: 'WORD', below}))).rpc;
    offsets.push(...data.messages.map(({offset}) => offset));
    below = data.below;
  }
  assert.deepEqual(offsets, Array.from({length: 40}, (_, i) => 40 - i));
  assert.equal((await bob.ask(search({text: 'word'}))).error?.code, 103);
  for (const bad of [{}, {text: 1}, {text: ''}, {text: '*'}, {text: 'x'.repeat(201)},
                     {text: 'word', below: 1}, {text: 'word', below: {}}]) {
    assert.equal((await ann.ask(search(bad))).error?.code, 107, JSON.stringify(bad));
  }
  for (const {raw} of [ann, bob]) raw.socket.destroy();
});

test('page: it comes with a strict policy, and the client library with it', async () => {
  const page = await fetch(server.page);
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-security-policy'), /default-src 'none'/);
  assert.doesNotMatch(page.headers.get('content-security-policy'), /unsafe|\*/);
  assert.match(await page.text(), /<title>madang/);
  const library = await fetch(new URL('/vendor/centrifuge.js', server.page));
  assert.match(library.headers.get('content-type'), /javascript/);
  assert.equal((await fetch(new URL('/../main.cc', server.page))).status, 404);
});

test('program: a port that is taken is told, and what to do', () => {
  const second = spawnSync(pathOf(kChat), ['--port', String(server.port), '--store', 'memory'],
                           {encoding: 'utf8'});
  assert.equal(second.status, 1);
  assert.match(second.stderr, new RegExp(`${server.port}.*--port`, 's'));
});

test('program: a page that is not there is told', () => {
  const lost = spawnSync(pathOf(kChat), ['--port', '0', '--page', '/nowhere'], {encoding: 'utf8'});
  assert.equal(lost.status, 1);
  assert.match(lost.stderr, /nowhere/);
});

test('program: a store that is not there is told', () => {
  const lost = spawnSync(pathOf(kChat), ['--port', '0', '--store', 'paper:'], {encoding: 'utf8'});
  assert.equal(lost.status, 1);
  assert.match(lost.stderr, /no store 'paper:'.*memory/);
});

test('program: --help tells the options', () => {
  const help = spawnSync(pathOf(kChat), ['--help'], {encoding: 'utf8'});
  assert.equal(help.status, 0);
  for (const option of ['--port', '--store', '--key-file', '--page', '--sdk']) {
    assert.ok(help.stdout.includes(option), option);
  }
});
