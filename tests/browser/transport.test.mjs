// SPDX-License-Identifier: Apache-2.0
// People whose networks let different transports through sit in one room.
import assert from 'node:assert/strict';
import {after, afterEach, before, test} from 'node:test';

import {heard, people, picture, say, Stage} from './browser.mjs';

let stage;
before(async () => { stage = await Stage.start(); });
afterEach(() => stage.clear());
after(() => stage.stop());

test('over WebSocket, HTTP-streaming and Server-Sent Events: one chat', async () => {
  const room = stage.room();
  const mina = await stage.person('Mina', room, {transport: 'websocket'});
  const joon = await stage.person('Joon', room, {transport: 'http_stream'});
  const sora = await stage.person('Sora', room, {transport: 'sse', colorScheme: 'dark'});
  for (const page of [mina, joon, sora]) await people(page, 'Joon', 'Mina', 'Sora');
  await say(mina, 'I am on a WebSocket.');
  await say(joon, 'Mine is a response that never ends.');
  await say(sora, 'I get events.');
  const said = await heard(mina, 'I get events.');
  for (const page of [joon, sora]) assert.deepEqual(await heard(page, ...said), said);
  await picture(joon, 'transport-http-stream');
  await picture(sora, 'transport-sse');
});

for (const transport of ['http_stream', 'sse']) {
  test(`${transport}: a pulled plug, and what was said meanwhile comes in order`, async () => {
    const room = stage.room();
    const mina = await stage.person('Mina', room);
    const joon = await stage.person('Joon', room, {transport, cable: true});
    await say(joon, 'before');
    await heard(mina, 'before');
    stage.proxy.unplug();
    for (const text of ['one', 'two', 'three']) await say(mina, text);
    stage.proxy.plug();
    const said = ['before', 'one', 'two', 'three'];
    assert.deepEqual(await heard(joon, ...said), said);
    await say(joon, 'after');
    assert.deepEqual(await heard(mina, ...said, 'after'), [...said, 'after']);
  });
}
