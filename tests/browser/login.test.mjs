// SPDX-License-Identifier: Apache-2.0
// Who somebody is: from one visit to the next, in all tabs, and when the server forgets.

import assert from 'node:assert/strict';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, afterEach, before, test} from 'node:test';

import {inSeconds, sign} from '../sdk/jwt.mjs';
import {connected, heard, people, picture, say, Stage, until} from './browser.mjs';

let folder;
let stage;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'madang-known-'));
  stage = await Stage.start({store: `sqlite:${path.join(folder, 'chat.db')}`});
});
afterEach(() => stage.clear());
after(async () => {
  try {
    await stage.stop();
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
});

const kept = (page) => page.evaluate(() => JSON.parse(localStorage.getItem('madang.me')));
const own = (page) => page.locator('#log .own .text').allTextContents();

async function rename(page, name) {
  await page.click('#rename');
  await page.fill('#name', name);
  await page.keyboard.press('Enter');
}

test('who comes again is the same, and knows their own words', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room);
  const joon = await stage.person('Joon', room);
  await say(mina, 'mine');
  await say(joon, 'not mine');
  const {user} = await kept(mina);
  await mina.reload();
  await heard(mina, 'mine', 'not mine');
  assert.deepEqual(await own(mina), ['mine']);
  assert.equal((await kept(mina)).user, user);
  await people(joon, 'Joon', 'Mina');
});

test('a new name is the same person, in all tabs', async () => {
  const room = stage.room();
  const joon = await stage.person('Joon', room);
  const mina = await stage.person('Mina', room);
  const again = await stage.tab(mina.context(), room);
  await connected(again);
  await say(mina, 'as Mina');
  await rename(mina, 'Minerva');
  await until(again, () => document.querySelector('#me-name').textContent === 'Minerva');
  await say(again, 'as Minerva');
  await heard(mina, 'as Mina', 'as Minerva');
  assert.deepEqual(await own(mina), ['as Mina', 'as Minerva']);
  await heard(joon, 'as Mina', 'as Minerva');
  const authors = await joon.locator('#log .author').allTextContents();
  assert.deepEqual(authors, ['Mina', 'Minerva']);
  await people(joon, 'Joon', 'Minerva');
});

test('a first visit with two tabs is one person', async () => {
  const room = stage.room();
  const context = await stage.browser.newContext();
  stage.contexts.push(context);
  const [one, two] = [await stage.tab(context, room), await stage.tab(context, room)];
  await one.fill('#name', 'Mina');
  await one.keyboard.press('Enter');
  await connected(one);
  await connected(two);
  assert.equal(await two.isVisible('#name-dialog'), false);
  await people(one, 'Mina');
  await say(two, 'from the second tab');
  await heard(one, 'from the second tab');
  assert.deepEqual(await own(one), ['from the second tab']);
});

test('what a former page has kept does no harm: the name stays, the person is new', async () => {
  const room = stage.room();
  const former = [
    {user: 'a'.repeat(32), name: 'Mina'},
    {user: 'a'.repeat(32), name: 'Mina', pass: 'x.y.z'},
    {user: 7, name: 'Mina', pass: {}},
  ];
  for (const me of former) {
    const context = await stage.browser.newContext();
    stage.contexts.push(context);
    await context.addInitScript((text) => {
      if (!localStorage.getItem('tried')) localStorage.setItem('madang.me', text);
      localStorage.setItem('tried', 'yes');
    }, JSON.stringify(me));
    const page = await stage.tab(context, room);
    await connected(page);
    assert.equal(await page.textContent('#me-name'), 'Mina');
    const {user} = await kept(page);
    assert.match(user, /^[0-9a-f]{32}$/);
    assert.notEqual(user, me.user);
    await say(page, 'hello');
    await until(page, () => document.querySelector('#log .own'));
    await context.close();
  }
});

test('a server that is killed and comes back knows everybody', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room, {cable: true});
  const joon = await stage.person('Joon', room, {cable: true});
  await say(mina, 'before');
  const {user} = await kept(mina);
  stage.proxy.unplug();
  await stage.restart('SIGKILL');
  await mina.waitForSelector('#state[data-kind=away]');
  stage.proxy.plug();
  await connected(mina);
  await connected(joon);
  await say(mina, 'after');
  assert.deepEqual(await own(mina), ['before', 'after']);
  await mina.reload();
  await heard(mina, 'before', 'after');
  assert.deepEqual(await own(mina), ['before', 'after']);
  assert.equal((await kept(mina)).user, user);
  await people(joon, 'Joon', 'Mina');
});

test('a name that is chosen while the server is away holds when it is back', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room, {cable: true});
  const joon = await stage.person('Joon', room);
  await say(mina, 'as Mina');
  stage.proxy.unplug();
  await mina.waitForSelector('#state[data-kind=away]');
  await rename(mina, 'Minerva');
  await people(joon, 'Joon');
  await picture(mina, 'login-away');
  assert.match(await mina.textContent('#state'), /Reconnecting/, 'the login is tried again');
  stage.proxy.plug();
  await connected(mina);
  await people(joon, 'Joon', 'Minerva');
  await say(mina, 'as Minerva');
  assert.deepEqual(await own(mina), ['as Mina', 'as Minerva']);
});

test('a server that has lost its key takes everybody for somebody new, and they talk on',
     async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room, {cable: true});
  const again = await stage.tab(mina.context(), room, {cable: true});
  const joon = await stage.person('Joon', room, {cable: true});
  await connected(again);
  await say(mina, 'before');
  await heard(again, 'before');
  const {user} = await kept(mina);
  stage.proxy.unplug();
  await rm(stage.keyFile);
  await stage.restart('SIGTERM');
  stage.proxy.plug();
  await until(mina, (old) => JSON.parse(localStorage.getItem('madang.me')).user !== old, user);
  for (const page of [mina, again, joon]) await connected(page);
  await say(mina, 'after');
  await heard(joon, 'before', 'after');
  for (const page of [mina, again]) {
    await heard(page, 'before', 'after');
    assert.deepEqual(await own(page), ['after'], 'it knows no better than the others');
  }
  await people(joon, 'Joon', 'Mina');
  await people(again, 'Joon', 'Mina');
  await picture(mina, 'login-new');
});

// Lets `change` have the answers of the login before the page, and counts them.
async function changeLogins(context, change) {
  const seen = {count: 0};
  await context.route('**/login', async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    await route.fulfill(await change(body, ++seen.count) ?? {response});
  });
  return seen;
}

test('a token that ends is followed by another one, and nobody notices', async () => {
  const room = stage.room();
  const secret = (await readFile(stage.keyFile, 'utf8')).trim();
  const context = await stage.browser.newContext();
  stage.contexts.push(context);
  const short = (user, seconds) =>
      sign({sub: user, aud: 'chat', exp: inSeconds(seconds), info: {name: 'Mina'}}, secret);
  // The first has ended when it comes.
  const seen = await changeLogins(context, (body, number) => (
    {json: {...body, token: short(body.user, number === 1 ? -60 : 3)}}));
  const page = await stage.tab(context, room);
  await page.fill('#name', 'Mina');
  await page.keyboard.press('Enter');
  await connected(page);
  assert.ok(seen.count >= 2);
  await page.evaluate(() => {
    window.states = [];
    new MutationObserver(() => window.states.push(document.querySelector('#state').textContent))
        .observe(document.querySelector('#state'), {subtree: true, childList: true});
  });
  const before = seen.count;
  while (seen.count < before + 2) await page.evaluate(() => new Promise(requestAnimationFrame));
  await say(page, 'still here');
  assert.deepEqual(await page.evaluate(() => window.states), []);
});

test('a login that fails is tried again, and one that is refused is told', async () => {
  const room = stage.room();
  const context = await stage.browser.newContext();
  stage.contexts.push(context);
  await changeLogins(context, (body, number) => {
    if (number <= 2) return {status: 500};
    if (number === 3) return {status: 403};
  });
  const page = await stage.tab(context, room);
  await page.fill('#name', 'Mina');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#state[data-kind=refused]');
  const complaints = stage.complaints.splice(0);
  assert.deepEqual(complaints.map((text) => /status of (\d+)/.exec(text)?.[1]),
                   ['500', '500', '403']);
  assert.match(await page.textContent('#state'), /does not let you in/);
  await picture(page, 'login-refused');
  await page.click('#try-again');
  await connected(page);
  await say(page, 'in at last');
});
