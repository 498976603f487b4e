// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';

import {connected, flood, heard, people, picture, say, Stage, texts, until, write}
  from './browser.mjs';

let stage;
before(async () => { stage = await Stage.start(); });
afterEach(() => stage.clear());
after(() => stage.stop());

test('two people read each other, see each other, and know their own words', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room);
  const joon = await stage.person('Joon', room, {colorScheme: 'dark'});
  await people(mina, 'Joon', 'Mina');
  await people(joon, 'Joon', 'Mina');
  await say(mina, 'Good morning. The kettle is on.');
  await say(joon, 'Does anybody have the notes?\nI left before the end.');
  await say(mina, 'They are at https://example.org/notes (page 2).');
  const minaHears = await heard(mina, 'They are at https://example.org/notes (page 2).');
  assert.deepEqual(await heard(joon, ...minaHears), minaHears);
  assert.equal(await mina.locator('#log .own').count(), 2);
  assert.equal(await joon.locator('#log .own').count(), 1);
  assert.equal(await joon.locator('#log .author').first().textContent(), 'Mina');
  const link = joon.locator('#log a');
  assert.equal(await link.getAttribute('href'), 'https://example.org/notes');
  await picture(mina, 'two-light');
  await picture(joon, 'two-dark');
  await joon.context().close();
  await people(mina, 'Mina');
  await mina.waitForSelector('.note:has-text("Joon")', {state: 'attached'});
});

test('a message is text, whatever it looks like', async () => {
  const room = stage.room();
  const evil = '<img src=x onerror="window.broken = 1"><script>window.broken = 2</script>';
  const mina = await stage.person('<b>Mina</b>', room);
  const joon = await stage.person('Joon', room);
  await say(mina, evil);
  const address = 'javascript:alert(1) https://a.example/"><script>1</script>';
  await say(mina, address);
  assert.deepEqual(await heard(joon, evil, address), [evil, address]);
  await people(joon, '<b>Mina</b>', 'Joon');
  assert.equal(await joon.evaluate(() => window.broken), undefined);
  assert.equal(await joon.locator('#log img, #log script, #people-list b').count(), 0);
});

test('who comes later reads what was said before', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room);
  for (const text of ['one', 'two', 'three']) await say(mina, text);
  const joon = await stage.person('Joon', room);
  assert.deepEqual(await heard(joon, 'one', 'two', 'three'), ['one', 'two', 'three']);
});

test('a pulled plug: nothing is missed and nothing comes twice', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room, {cable: true});
  const joon = await stage.person('Joon', room);
  await say(mina, 'before');
  await heard(joon, 'before');
  stage.proxy.unplug();
  await mina.waitForSelector('#state[data-kind=away]');
  for (let i = 1; i <= 12; ++i) await say(joon, `while away ${i}`);
  await picture(mina, 'away');
  stage.proxy.plug();
  await mina.waitForSelector('#state[data-kind=caught-up]');
  assert.match(await mina.textContent('#state'), /12 messages/);
  await picture(mina, 'caught-up');
  await say(joon, 'after');
  const all = await heard(mina, 'after');
  assert.deepEqual(all, ['before', ...Array.from({length: 12}, (_, i) => `while away ${i + 1}`),
                         'after']);
  await people(mina, 'Joon', 'Mina');
});

test('what is written without a connection waits, and is sent once', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room, {cable: true});
  const joon = await stage.person('Joon', room);
  stage.proxy.unplug();
  await mina.waitForSelector('#state[data-kind=away]');
  await write(mina, 'first');
  await write(mina, 'second');
  await mina.fill('#compose', 'a draft');
  assert.deepEqual(await mina.locator('#pending .text').allTextContents(), ['first', 'second']);
  await picture(mina, 'pending');
  stage.proxy.plug();
  await heard(joon, 'first', 'second');
  assert.deepEqual(await heard(mina, 'first', 'second'), ['first', 'second']);
  assert.equal(await mina.locator('#pending li').count(), 0);
  assert.equal(await mina.inputValue('#compose'), 'a draft');
});

test('a message whose answer was lost is sent again and shown once', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room, {cable: true});
  const joon = await stage.person('Joon', room);
  // The request gets through, and the cable breaks before anything comes back.
  stage.proxy.holdAnswers();
  await write(mina, 'once');
  await heard(joon, 'once');
  stage.proxy.cut();
  await heard(mina, 'once');
  await until(mina, () => !document.querySelector('#pending li'));
  await say(joon, 'end');
  assert.deepEqual(await heard(mina, 'once', 'end'), ['once', 'end']);
  assert.deepEqual(await texts(joon), ['once', 'end']);
});

test('a message is not lost when the page is closed before it was sent', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room, {cable: true});
  const joon = await stage.person('Joon', room);
  stage.proxy.unplug();
  await mina.waitForSelector('#state[data-kind=away]');
  await write(mina, 'kept');
  stage.proxy.plug();
  await mina.reload();
  await heard(joon, 'kept');
});

test('what the room no longer remembers is told, once', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room, {cable: true});
  const joon = await stage.person('Joon', room, {cable: true});
  await say(mina, 'long ago');
  await stage.restart('SIGTERM');  // Memory forgets.
  await mina.waitForSelector('#state[data-kind=lost]');
  await joon.waitForSelector('#state[data-kind=lost]');
  assert.match(await mina.textContent('#state'), /could not be brought back/);
  await say(joon, 'a new time');
  assert.deepEqual(await heard(mina, 'a new time'), ['a new time']);
  await picture(mina, 'lost');
  stage.proxy.cut();
  await say(joon, 'go on');
  assert.deepEqual(await heard(mina, 'go on'), ['a new time', 'go on']);
  await connected(mina);
});

test('who was away for long catches up with all of it', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room, {cable: true});
  const joon = await stage.person('Joon', room);
  await say(mina, 'long ago');
  stage.proxy.unplug();
  await flood(joon, room, 1, 1100);
  stage.proxy.plug();
  await mina.waitForSelector('#state[data-kind=caught-up]');
  assert.match(await mina.textContent('#state'), /1100 messages/);
  await heard(mina, 'message 1099', 'message 1100');
});

test('a long room is read to its beginning and back, a part of it at a time', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room);
  await flood(mina, room, 1, 700);
  await heard(mina, 'message 700');
  await mina.reload();
  await heard(mina, 'message 700');
  const first = () => mina.locator('#log .text').first().textContent();
  for (let i = 0; i < 40 && await first() !== 'message 1'; ++i) {
    const before = await first();
    await mina.evaluate(() => { document.querySelector('#scroll').scrollTop = 0; });
    await until(mina, (text) => document.querySelector('#log .text').textContent !== text, before);
  }
  assert.equal(await first(), 'message 1');
  const shown = await texts(mina);
  assert.ok(shown.length <= 300, `${shown.length} messages in the page`);
  assert.deepEqual(shown, shown.map((_, i) => `message ${i + 1}`), 'without a gap');
  await picture(mina, 'beginning');

  // Somebody speaks meanwhile; what is being read stays.
  const joon = await stage.person('Joon', room);
  await say(joon, 'hello down there');
  assert.equal(await first(), 'message 1');

  const last = () => mina.locator('#log .text').last().textContent();
  for (let i = 0; i < 40 && await last() !== 'hello down there'; ++i) {
    const before = await last();
    await mina.evaluate(() => {
      const scroll = document.querySelector('#scroll');
      scroll.scrollTop = scroll.scrollHeight;
    });
    await until(mina, (text) => {
      const all = [...document.querySelectorAll('#log .text')];
      return all.at(-1).textContent !== text;
    }, before);
  }
  const end = await texts(mina);
  assert.deepEqual(end.slice(0, -1),
                   end.slice(0, -1).map((_, i) => `message ${701 - end.length + 1 + i}`));
  await say(joon, 'there you are');
  await heard(mina, 'hello down there', 'there you are');
});

test('two tabs of one person are one person', async () => {
  const room = stage.room();
  const joon = await stage.person('Joon', room);
  const mina = await stage.person('Mina', room);
  const again = await stage.tab(mina.context(), room);
  await connected(again);
  await people(joon, 'Joon', 'Mina');
  assert.equal(await joon.textContent('#people-count'), '2');
  await say(again, 'from the second tab');
  await heard(mina, 'from the second tab');
  assert.equal(await mina.locator('#log .own').count(), 1, 'both tabs know it as their own');
  await again.close();
  await say(joon, 'still there?');
  await heard(mina, 'from the second tab', 'still there?');
  await people(joon, 'Joon', 'Mina');
  assert.equal(await joon.locator('.note:has-text("left")').count(), 0);
});

test('rooms are listed with their people, and one leads to another', async () => {
  const room = stage.room();
  const other = stage.room('방');
  const mina = await stage.person('Mina', room);
  const joon = await stage.person('Joon', room);
  await people(mina, 'Joon', 'Mina');
  await joon.fill('#room-name', `  ${other} `);
  await joon.press('#room-name', 'Enter');
  await connected(joon);
  assert.equal(await joon.textContent('h1'), other);
  await people(mina, 'Mina');
  await mina.reload();
  await mina.click(`#room-list a[data-room="${other}"]:has-text("1")`);
  await people(joon, 'Joon', 'Mina');
  await joon.fill('#room-name', 'no/such room!');
  await joon.press('#room-name', 'Enter');
  assert.match(await joon.textContent('#room-hint'), /letters/);
});
