// SPDX-License-Identifier: Apache-2.0
// The page with a keyboard alone, and on a phone.

import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';

import {connected, heard, people, picture, say, Stage, until} from './browser.mjs';

const kTargetPx = 44;

let stage;
before(async () => { stage = await Stage.start(); });
afterEach(() => stage.clear());
after(() => stage.stop());

const focused = (page) => page.evaluate(() => document.activeElement.id ||
    document.activeElement.dataset.room || document.activeElement.className ||
    document.activeElement.tagName);

test('keyboard: everything is reached in order, with a visible focus', async () => {
  const page = await stage.person('Mina', stage.room());
  await page.focus('#skip');
  const order = [];
  for (let i = 0; i < 10; ++i) {
    order.push(await focused(page));
    const outline = await page.evaluate(
        () => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(outline, 'none', `${order.at(-1)} shows that it has the focus`);
    await page.keyboard.press('Tab');
  }
  const wanted = ['skip', 'lobby', 'room-1', 'room-name', 'rename', 'search-text', 'scroll',
                  'compose', 'send'];
  assert.deepEqual(order.filter((one) => wanted.includes(one)), wanted);
});

test('keyboard: one comes in, writes, reads and changes the room without a mouse', async () => {
  const context = await stage.browser.newContext();
  stage.contexts.push(context);
  const page = await stage.tab(context, 'keys');
  await page.keyboard.press('Escape');
  assert.ok(await page.isVisible('#name-dialog'), 'a name is needed');
  await page.keyboard.type('Mina');
  await page.keyboard.press('Enter');
  await connected(page);
  assert.equal(await focused(page), 'compose');
  await page.keyboard.type('one');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('two');
  await page.keyboard.press('Enter');
  await heard(page, 'one\ntwo');
  await page.keyboard.press('Escape');
  assert.equal(await focused(page), 'scroll');
  await page.keyboard.type('x');
  assert.equal(await focused(page), 'compose', 'writing leads back to the message');

  await page.focus('#room-name');
  await page.keyboard.type('next room');
  await page.keyboard.press('Enter');
  await until(page, () => document.querySelector('h1').textContent === 'next-room');
  await connected(page);
  await page.focus('#room-list a');
  await page.keyboard.press('End');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await until(page, () => document.querySelector('h1').textContent !== 'next-room');
  await page.goBack();
  await until(page, () => document.querySelector('h1').textContent === 'next-room');
});

test('names: landmarks, a live log, and a name for every control', async () => {
  const page = await stage.person('Mina', stage.room());
  for (const role of ['navigation', 'main', 'complementary', 'log', 'status']) {
    assert.ok(await page.getByRole(role).count() >= 1, role);
  }
  const unnamed = await page.evaluate(() =>
      [...document.querySelectorAll('button, input, textarea')]
          .filter((one) => !(one.textContent.trim() || one.getAttribute('aria-label') ||
                             one.labels?.length))
          .map((one) => one.outerHTML));
  assert.deepEqual(unnamed, []);
});

test('phone: the page fits, its targets are large, and the panels open and close', async () => {
  const room = stage.room();
  const page = await stage.person('Mina', room, {
    viewport: {width: 360, height: 640}, hasTouch: true, isMobile: true, deviceScaleFactor: 2,
    reducedMotion: 'reduce',
  });
  const joon = await stage.person('Joon', room);
  await say(joon, `a long word ${'m'.repeat(300)} and https://example.org/${'a'.repeat(200)}`);
  await say(page, 'On the train. The connection comes and goes, but this works.');
  await picture(page, 'phone');
  const wide = () => page.evaluate(() => {
    const scroll = document.querySelector('#scroll');
    return document.documentElement.scrollWidth > innerWidth ||
        scroll.scrollWidth > scroll.clientWidth;
  });
  assert.equal(await wide(), false, 'nothing is cut off');

  await page.tap('#open-people');
  await people(page, 'Joon', 'Mina');
  assert.ok(await page.isVisible('#people-list'));
  await picture(page, 'phone-people');
  await page.keyboard.press('Escape');
  assert.equal(await focused(page), 'open-people');
  await page.tap('#open-rooms');
  await picture(page, 'phone-rooms');
  const small = await page.evaluate((least) =>
      [...document.querySelectorAll('#rooms button, #rooms input, #rooms a, .head button, ' +
                                    '.compose button, .compose textarea')]
          .map((one) => [one.outerHTML.slice(0, 60), one.getBoundingClientRect()])
          .filter(([, box]) => box.width > 0 && (box.height < least || box.width < least))
          .map(([html, box]) => `${html} ${box.width}x${box.height}`), kTargetPx);
  assert.deepEqual(small, []);
  await page.tap('#room-list a[data-room=lobby]');
  await until(page, () => document.querySelector('h1').textContent === 'lobby');
  assert.equal(await page.isVisible('#rooms'), false, 'the panel closes on a choice');
  assert.equal(await wide(), false);
});

test('phone: a keyboard that opens does not hide the newest message', async () => {
  const room = stage.room();
  const page = await stage.person('Mina', room, {viewport: {width: 360, height: 640}});
  for (let i = 1; i <= 20; ++i) await say(page, `message ${i}`);
  await page.setViewportSize({width: 360, height: 330});
  await until(page, () => {
    const scroll = document.querySelector('#scroll').getBoundingClientRect();
    const last = [...document.querySelectorAll('#log .message')].at(-1).getBoundingClientRect();
    return last.bottom <= scroll.bottom && last.top >= scroll.top;
  });
});
