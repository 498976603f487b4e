// SPDX-License-Identifier: Apache-2.0
// The chat on PostgreSQL, which falls over while people talk, with a journal beside it.

import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {connected, heard, picture, say, search, Stage, texts} from './browser.mjs';
import {Postgres} from './postgres.mjs';

const skip = Postgres.installed() ? false : 'PostgreSQL is not installed';

let folder;
let postgres;
let stage;
before(async () => {
  if (skip) return;
  folder = await mkdtemp(path.join(os.tmpdir(), 'madang-journal-'));
  postgres = await Postgres.make();
  stage = await Stage.start({
    store: postgres.name,
    more: ['--journal', path.join(folder, 'journal.db')],
  });
});
after(async () => {
  if (skip) return;
  try {
    await stage.stop();
  } finally {
    await postgres.stop();
    await rm(folder, {recursive: true, force: true});
  }
});

test('people talk on while PostgreSQL is away, and all of it is there when both come back',
     {skip}, async () => {
  const room = stage.room();
  const ann = await stage.person('Ann', room, {cable: true});
  await say(ann, 'before');
  await postgres.fall();
  const all = ['before'];
  for (let i = 1; i <= 10; ++i) {
    await say(ann, `while it is away ${i}`);
    all.push(`while it is away ${i}`);
  }
  await picture(ann, 'postgres-away');
  // The chat is killed as well: what it has acknowledged is in the journal alone.
  const restarted = stage.restart('SIGKILL');
  await postgres.start();
  await restarted;
  await connected(ann);
  await say(ann, 'after');
  all.push('after');
  assert.deepEqual(await heard(ann, 'after'), all);

  const ben = await stage.person('Ben', room);
  assert.deepEqual(await heard(ben, 'after'), all);
  await picture(ben, 'postgres-back');

  // What the journal gave back is in PostgreSQL's index of words as well.
  assert.deepEqual(await search(ben, 'away 7'), ['while it is away 7']);
  assert.equal((await search(ben, 'while')).length, 10);
  await picture(ben, 'postgres-search');
  assert.deepEqual(await texts(ann), all);
  await stage.clear();
});
