// SPDX-License-Identifier: Apache-2.0
// The rules of examples/chat, and how the program begins and ends.

import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {after, before, test} from 'node:test';

import {RawSocket} from './raw.mjs';
import {kChat, pathOf, startServer} from './server.mjs';

const kAnn = {user: 'ann-1', name: 'Ann'};

let server;
before(async () => { server = await startServer(kChat, ['--store', 'memory']); });
after(async () => { assert.equal(await server.stop(), 0, 'the server ends in good order'); });

// A connection that says who it is, and a function that asks and resolves with the reply.
async function come(data) {
  const raw = await RawSocket.open(server.port);
  let id = 0;
  const ask = async (command) => {
    raw.send({id: ++id, ...command});
    return raw.reply(id);
  };
  return {raw, ask, connected: await ask({connect: {data}})};
}

const enter = (name) => ({subscribe: {channel: `chat:${name}`}});
const write = (name, data) => ({publish: {channel: `chat:${name}`, data}});

test('rules: nobody comes in without a user id and a name', async () => {
  const bad = [
    undefined, null, [], 'Ann', {}, {user: 'a'}, {name: 'Ann'}, {user: 'a', name: 1},
    {user: '', name: 'Ann'}, {user: 'a b', name: 'Ann'}, {user: 'a'.repeat(65), name: 'Ann'},
    {user: 'a', name: ' '}, {user: 'a', name: 'A\nB'}, {user: 'a', name: 'x'.repeat(129)},
  ];
  for (const data of bad) {
    const {raw, connected} = await come(data);
    assert.equal(connected.error?.code, 103, JSON.stringify(data));
    raw.socket.destroy();
  }
});

test('rules: a room is named by letters and digits of any script', async () => {
  const {raw, ask} = await come(kAnn);
  for (const name of ['lobby', '마당', 'Ünïcode_9-', 'ж'.repeat(32)]) {
    assert.ok((await ask(enter(name))).subscribe, name);
  }
  for (const name of ['', 'a b', 'a/b', 'a.b', 'x'.repeat(33), 'a\u200bb', '🙂', 'a\u2028b']) {
    assert.equal((await ask(enter(name))).error?.code, 103, name);
  }
  assert.equal((await ask({subscribe: {channel: 'lobby'}})).error?.code, 103);
  raw.socket.destroy();
});

test('rules: the server says who wrote a message, and when', async () => {
  const {raw, ask} = await come({user: 'ann-1', name: 'Ann "A" \\'});
  await ask(enter('author'));
  const forged = {id: 'm1', text: 'a\nb "c" \\ \u0001', user: 'bob', name: 'Bob', time: 1, more: 1};
  assert.ok((await ask(write('author', forged))).publish);
  const {publications} =
      (await ask({history: {channel: 'chat:author', limit: 10}})).history;
  const [{data}] = publications;
  assert.ok(Math.abs(data.time - Date.now()) < 60_000);
  assert.deepEqual(data, {id: 'm1', text: forged.text, user: 'ann-1', name: 'Ann "A" \\',
                          time: data.time});
  raw.socket.destroy();
});

test('rules: what is no message is refused, and so is who is not in the room', async () => {
  const {raw, ask} = await come(kAnn);
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
  const ann = await come(kAnn);
  const bob = await come({user: 'bob-1', name: 'Bob'});
  for (const {ask} of [ann, bob]) await ask(enter('once'));
  const message = write('once', {id: 'same', text: 'x'});
  for (const {ask} of [ann, ann, bob, ann]) assert.ok((await ask(message)).publish);
  const {history} = await ann.ask({history: {channel: 'chat:once', limit: 10}});
  assert.deepEqual(history.publications.map(({data}) => data.user), ['ann-1', 'bob-1']);
  for (const {raw} of [ann, bob]) raw.socket.destroy();
});

test('rules: rooms are listed with people, not tabs', async () => {
  const one = await come(kAnn);
  const again = await come(kAnn);
  for (const {ask} of [one, again]) await ask(enter('listed'));
  const {rpc} = await one.ask({rpc: {method: 'rooms'}});
  assert.deepEqual(rpc.data.rooms.find(({name}) => name === 'listed'), {name: 'listed', people: 1});
  assert.equal((await one.ask({rpc: {method: 'other'}})).error?.code, 108);
  for (const {raw} of [one, again]) raw.socket.destroy();
});

test('rules: a member searches a room, page by page; nobody else does', async () => {
  const ann = await come(kAnn);
  const bob = await come({user: 'bob-1', name: 'Bob'});
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
  for (const option of ['--port', '--store', '--page', '--sdk']) {
    assert.ok(help.stdout.includes(option), option);
  }
});
