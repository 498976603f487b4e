// SPDX-License-Identifier: Apache-2.0
// The chat on a store: what was said stays, is read back to the first word, and is found again.

import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, afterEach, before, test} from 'node:test';

import {
  connected, flood, found, heard, picture, say, search, Stage, texts, tokenOf, until,
} from './browser.mjs';

const kMany = 2500;  // more than a room has in memory
const kPages = 120;

let folder;
let stage;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'madang-chat-'));
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

const numbered = (first, last) =>
    Array.from({length: last - first + 1}, (_, i) => `message ${first + i}`);
const first = (page) => page.locator('#log .text').first().textContent();
const last = (page) => page.locator('#log .text').last().textContent();

// Scrolls to one end of what is shown until `wanted` stands there, and returns how often.
async function scrollTo(page, end, wanted) {
  const at = end === 'top' ? first : last;
  for (let i = 0; i < kPages; ++i) {
    const before = await at(page);
    if (before === wanted) return i;
    await page.evaluate((where) => {
      const scroll = document.querySelector('#scroll');
      scroll.scrollTop = where === 'top' ? 0 : scroll.scrollHeight;
    }, end);
    await until(page, ([where, text]) => {
      const all = [...document.querySelectorAll('#log .text')];
      return (where === 'top' ? all[0] : all.at(-1)).textContent !== text;
    }, [end, before]);
  }
  throw new Error(`${wanted} is never at the ${end}`);
}

// All messages of the room, as a page that comes anew reads them.
async function wholeHistory(page, room) {
  return page.evaluate(async ([token, name]) => {
    const client = new Centrifuge(`ws://${location.host}/connection/websocket`, {token});
    const subscription = client.newSubscription(`chat:${name}`);
    const enters = new Promise((resolve) => subscription.once('subscribed', resolve));
    subscription.subscribe();
    client.connect();
    const {streamPosition: {epoch}} = await enters;
    const all = [];
    for (let offset = 0; ;) {
      const {publications} = await subscription.history({limit: 500, since: {offset, epoch}});
      if (publications.length === 0) break;
      for (const one of publications) all.push(one.data.text);
      offset = publications.at(-1).offset;
    }
    client.disconnect();
    return all;
  }, [await tokenOf(page, 'Reader'), room]);
}

// Whether a message is shown and stands within the window.
function shows(page, text) {
  return until(page, (wanted) => {
    const window = document.querySelector('#scroll').getBoundingClientRect();
    return [...document.querySelectorAll('#log .text')].some((one) => {
      const box = one.getBoundingClientRect();
      return one.textContent === wanted && box.top >= window.top && box.bottom <= window.bottom;
    });
  }, text);
}

test('a long room is read to the first word, and from a found place in both directions',
     async () => {
  const room = stage.room();
  const page = await stage.person('Mina', room);
  await flood(page, room, 1, kMany);
  await page.reload();
  await heard(page, `message ${kMany}`);
  await scrollTo(page, 'top', 'message 1');
  assert.deepEqual(await texts(page), numbered(1, (await texts(page)).length), 'without a gap');
  await page.evaluate(() => { document.querySelector('#scroll').scrollTop = 0; });
  assert.equal(await page.textContent('#edge'), 'This is where the room began.');
  assert.ok(await page.isVisible('#edge'));
  await picture(page, 'store-beginning');

  assert.deepEqual(await search(page, 'message 1234'), ['message 1234']);
  await page.click('#found-list button');
  await shows(page, 'message 1234');
  assert.equal(await page.isVisible('#found'), false);
  assert.equal(await page.locator('#log .pointed .text').textContent(), 'message 1234');
  assert.equal(await page.evaluate(() => document.activeElement.className.includes('pointed')),
               true, 'the focus goes where the reader goes');
  const around = await texts(page);
  assert.deepEqual(around, numbered(1174, 1293));
  await picture(page, 'search-place');

  await scrollTo(page, 'bottom', `message ${kMany}`);
  await until(page, () => document.querySelector('#log li:last-child'));
  const end = await texts(page);
  assert.deepEqual(end, numbered(kMany - end.length + 1, kMany));
  await scrollTo(page, 'top', 'message 1');
  await page.click('#latest');
  await heard(page, `message ${kMany}`);
  assert.equal(await page.isVisible('#found-back'), false);
  const joon = await stage.person('Joon', room);
  await say(joon, 'still live?');
  await heard(page, `message ${kMany}`, 'still live?');
});

test('pages that are cut short by long messages do not look like the beginning', async () => {
  const room = stage.room();
  const page = await stage.person('Mina', room);
  const long = ` and ${'so on '.repeat(1200)}`;
  await flood(page, room, 1, 120, long);
  await page.reload();
  await heard(page, `message 120${long}`);
  await scrollTo(page, 'top', `message 1${long}`);
  const all = await texts(page);
  assert.deepEqual(all, numbered(1, all.length).map((text) => text + long));
});

test('a server that starts again is not noticed: nothing is missing, nothing comes twice',
     async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room, {cable: true});
  const joon = await stage.person('Joon', room, {cable: true});
  await flood(mina, room, 1, 1200);
  await heard(mina, 'message 1200');
  await heard(joon, 'message 1200');
  stage.proxy.unplug();
  await stage.restart('SIGTERM');
  await mina.waitForSelector('#state[data-kind=away]');
  // Somebody is back sooner than these two, and says much.
  const early = await stage.person('Sora', room);
  await flood(early, room, 1201, 1500);
  stage.proxy.plug();
  await mina.waitForSelector('#state[data-kind=caught-up]');
  assert.match(await mina.textContent('#state'), /300 messages/);
  await heard(mina, 'message 1499', 'message 1500');
  await heard(joon, 'message 1499', 'message 1500');
  await say(joon, 'and on it goes');
  await heard(mina, 'message 1500', 'and on it goes');
  await scrollTo(mina, 'top', 'message 1');
  assert.deepEqual(await wholeHistory(early, room), [...numbered(1, 1500), 'and on it goes']);
});

test('a server that is killed has kept what it acknowledged', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room, {cable: true});
  const joon = await stage.person('Joon', room, {cable: true});
  const said = [];
  for (let round = 1; round <= 4; ++round) {
    for (let i = 1; i <= 3; ++i) said.push(`round ${round}, word ${i}`);
    for (const text of said.slice(-3)) await say(mina, text);
    await stage.restart('SIGKILL');
    await until(joon, (count) => document.querySelectorAll('#log .text').length === count,
                said.length);
    said.push(`round ${round}, from Joon`);
    await say(joon, said.at(-1));
    assert.deepEqual(await heard(mina, said.at(-1)), said);
    assert.deepEqual(await heard(joon, said.at(-1)), said);
  }
  await mina.reload();
  assert.deepEqual(await heard(mina, said.at(-1)), said);
  assert.deepEqual(await wholeHistory(joon, room), said);
});

test('search: by a word, by a part of a Korean word, page by page, and back again', async () => {
  const room = stage.room();
  const page = await stage.person('Mina', room);
  await say(page, 'The kettle is on. 오늘 점심시간은 어디서 볼까요?');
  await say(page, '광장시장에서 점심 먹어요');
  await say(page, `A long story ${'and more '.repeat(60)} about a kettle ${'at last '.repeat(30)}`);
  await flood(page, room, 1, 100);
  await heard(page, 'message 100');

  const lunch = await search(page, '점심');
  assert.deepEqual(lunch.map((text) => text.slice(0, 4)), ['광장시장', 'The ']);
  assert.deepEqual(await page.locator('#found-list mark').allTextContents(), ['점심', '점심']);
  await picture(page, 'search-korean');
  const [long, short] = await search(page, 'KETTLE');
  assert.match(long, /^….* about a kettle .*…$/);
  assert.match(short, /^The kettle/);
  assert.equal(await page.isVisible('#log'), false, 'the results stand in place of the log');
  await picture(page, 'search-word');
  assert.deepEqual(await search(page, 'teapot'), []);
  assert.match(await page.textContent('#found-state'), /Nothing found for “teapot”/);
  await picture(page, 'search-nothing');

  const some = await search(page, 'message');
  assert.ok(some.length >= 30 && some.length < 100, `${some.length} at first`);
  assert.deepEqual(some, numbered(101 - some.length, 100).reverse(), 'the newest first');
  for (let i = 0; i < 10 && (await found(page)).length < 100; ++i) {
    const before = (await found(page)).length;
    await page.evaluate(() => { document.querySelector('#found').scrollTop = 1e6; });
    await until(page, (count) => document.querySelectorAll('#found-list li').length > count,
                before);
  }
  assert.deepEqual(await found(page), numbered(1, 100).reverse());
  await page.click('#found-list li:nth-child(95) button');
  await shows(page, 'message 6');
  await page.click('#found-back');
  assert.equal((await found(page)).length, 100, 'the results are still there');
  assert.equal(await page.evaluate(() => document.activeElement.querySelector('.text').textContent),
               'message 6', 'and the reader is where they were');
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('#found'), false);
});

test('search: with a keyboard alone', async () => {
  const room = stage.room();
  const page = await stage.person('Mina', room, {colorScheme: 'dark'});
  await say(page, 'first kettle');
  await say(page, 'second kettle');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'search-text');
  await page.keyboard.type('kettle');
  await page.waitForSelector('#found-list li:nth-child(2)');
  await picture(page, 'search-dark');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  assert.match(await page.evaluate(() => document.activeElement.textContent), /first kettle/);
  await page.keyboard.press('Enter');
  await until(page, () => document.activeElement.classList.contains('pointed'));
  await page.keyboard.type('x');
  assert.equal(await page.inputValue('#compose'), 'x', 'writing leads back to the message');
  await page.click('#search-text');
  await page.waitForSelector('#found-list li');
  await page.keyboard.press('Escape');
  assert.equal(await page.isVisible('#found'), false);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'compose',
               'the focus is where it was');
});

test('search: any text is only a text', async () => {
  const room = stage.room();
  const page = await stage.person('Mina', room);
  const evil = 'He said "no" * <b>bold</b> <img src=x onerror="window.broken = 1"> \'; DROP NEAR(';
  await say(page, evil);
  await say(page, 'something else');
  for (const text of ['"no"', 'no*', '<b>', 'said "', "'; drop", 'NEAR(', 'bold AND', '-- no']) {
    const results = await search(page, text);
    const wanted = text === 'bold AND' ? [] : [evil];
    assert.deepEqual(results, wanted, text);
  }
  await picture(page, 'search-evil');
  for (const text of ['*', '"', '<>', '%', '(((']) {
    await search(page, text);
    assert.match(await page.textContent('#found-state'), /one to sixteen words/, text);
  }
  assert.equal(await page.evaluate(() => window.broken), undefined);
  assert.equal(await page.locator('#found b, #found img').count(), 0);
  await page.fill('#search-text', '');
  await until(page, () => document.querySelector('#found').hidden);
});

test('search: on a phone it is behind a button', async () => {
  const room = stage.room();
  const page = await stage.person('Mina', room, {
    viewport: {width: 360, height: 640}, hasTouch: true, isMobile: true, deviceScaleFactor: 2,
    reducedMotion: 'reduce',
  });
  await flood(page, room, 1, 200);
  await heard(page, 'message 200');
  assert.equal(await page.isVisible('#search-text'), false);
  await picture(page, 'phone-head');
  await page.tap('#open-search');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'search-text');
  await search(page, 'message');
  await picture(page, 'phone-search');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth ||
      document.querySelector('#found').scrollWidth > document.querySelector('#found').clientWidth);
  assert.equal(wide, false, 'nothing is cut off');
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'open-search');
  assert.equal(await page.isVisible('#search-text'), false);
  await page.tap('#open-search');
  await page.tap('#found-list li:nth-child(20) button');
  await shows(page, 'message 181');
  await picture(page, 'phone-place');
});

test('search: a connection that is gone is told, and a new try helps', async () => {
  const room = stage.room();
  const page = await stage.person('Mina', room, {cable: true});
  await say(page, 'the kettle');
  await page.waitForSelector('#search-text');
  stage.proxy.unplug();
  await page.waitForSelector('#state[data-kind=away]');
  await page.fill('#search-text', 'kettle');
  await page.waitForSelector('#search-again');
  assert.match(await page.textContent('#found-state'), /no answer/);
  stage.proxy.plug();
  await connected(page);
  await page.click('#search-again');
  await page.waitForSelector('#found-list li');
  assert.deepEqual(await found(page), ['the kettle']);
});

test('search: where the server has none there is no field for it', async () => {
  const context = await stage.browser.newContext();
  stage.contexts.push(context);
  let asked = 0;
  await context.routeWebSocket(/websocket/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((lines) => {
      const kept = String(lines).split('\n').filter((line) => {
        const {id, rpc} = JSON.parse(line);
        if (rpc?.method !== 'search') return true;
        ++asked;
        socket.send(JSON.stringify({id, error: {code: 108, message: 'not available'}}));
        return false;
      });
      if (kept.length > 0) server.send(kept.join('\n'));
    });
  });
  const page = await stage.tab(context, stage.room());
  await page.fill('#name', 'Mina');
  await page.keyboard.press('Enter');
  await connected(page);
  await say(page, 'the kettle');
  assert.equal(asked, 1);
  assert.equal(await page.locator('#search').isVisible(), false);
  assert.equal(await page.locator('#open-search').isVisible(), false);
});
