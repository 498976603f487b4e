// SPDX-License-Identifier: Apache-2.0
// What the tests of this folder share: the chat program, and people who use it in a real browser.

import assert from 'node:assert/strict';
import {mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {chromium} from 'playwright-core';

import {logIn} from '../sdk/login.mjs';
import {Proxy} from '../sdk/proxy.mjs';
import {kChat, startServer} from '../sdk/server.mjs';

const kWaitMs = 15_000;
const example = fileURLToPath(new URL('../../examples/chat', import.meta.url));
const kFlags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
                '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// The chat program behind a cable that can be pulled, and a browser with nothing kept in it.
export class Stage {
  // With `store` messages stay where it says, as `--store` of the chat does. `more` are options of
  // the chat besides. People are known as long as the stage stands.
  static async start({store = 'memory', more = []} = {}) {
    const stage = new Stage();
    stage.store = store;
    stage.more = more;
    stage.folder = await mkdtemp(path.join(os.tmpdir(), 'madang-stage-'));
    stage.keyFile = path.join(stage.folder, 'chat.key');
    stage.server = await stage.serve();
    stage.proxy = await Proxy.start(stage.server.port);
    stage.browser = await chromium.launch(
        {executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: kFlags});
    stage.contexts = [];
    stage.complaints = [];
    stage.rooms = 0;
    return stage;
  }

  serve() {
    return startServer(kChat, [
      '--store', this.store, '--key-file', this.keyFile, ...this.more,
      '--page', path.join(example, 'page'),
      '--sdk', path.join(example, 'node_modules/centrifuge/dist/centrifuge.js'),
    ]);
  }

  // Ends the server with `signal` and starts it again on the same store. Pages behind the cable
  // find the new one.
  async restart(signal) {
    const code = await this.server.stop(signal);
    assert.equal(code, signal === 'SIGKILL' ? 'SIGKILL' : 0);
    this.server = await this.serve();
    this.proxy.targetPort = this.server.port;
  }

  // A room that no other test uses.
  room(word = 'room') { return `${word}-${++this.rooms}`; }

  // Opens the page as a new person, who says their name and comes into the room. With `cable` the
  // page is behind the proxy, with `transport` it uses that one alone.
  async person(name, room, {cable = false, transport = '', ...options} = {}) {
    const viewport = {width: 1200, height: 760};
    const context = await this.browser.newContext({viewport, ...options});
    context.setDefaultTimeout(kWaitMs);
    this.contexts.push(context);
    const page = await this.tab(context, room, {cable, transport});
    await page.fill('#name', name);
    await page.keyboard.press('Enter');
    await connected(page);
    return page;
  }

  // Another tab of the same person.
  async tab(context, room, {cable = false, transport = ''} = {}) {
    const page = await context.newPage();
    page.on('pageerror', (error) => this.complaints.push(error.stack));
    page.on('console', (message) => {
      // That a pulled cable breaks a connection is no mistake of the page.
      const torn = cable && /net::ERR_|WebSocket connection/.test(message.text());
      if (message.type() === 'error' && !torn) this.complaints.push(message.text());
    });
    const port = cable ? this.proxy.port : this.server.port;
    const query = transport && `?transport=${transport}`;
    await page.goto(`http://localhost:${port}/${query}#/${encodeURIComponent(room)}`);
    return page;
  }

  // Ends the people of one test, whose pages must have complained about nothing.
  async clear() {
    this.proxy.plug();
    await Promise.all(this.contexts.splice(0).map((context) => context.close()));
    assert.deepEqual(this.complaints.splice(0), []);
  }

  async stop() {
    await this.browser.close();
    await this.proxy.stop();
    await rm(this.folder, {recursive: true});
    assert.equal(await this.server.stop(), 0, 'the server ends in good order');
  }
}

// Resolves once `holds(argument)` does in the page. Not page.waitForFunction: it needs eval, which
// the page's Content-Security-Policy forbids.
export async function until(page, holds, argument) {
  const deadline = Date.now() + kWaitMs;
  while (!(await page.evaluate(holds, argument))) {
    if (Date.now() > deadline) throw new Error(`never: ${holds} ${JSON.stringify(argument) ?? ''}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function connected(page) {
  await page.waitForSelector('#state[data-kind=connected], #state[data-kind=caught-up]');
}

export async function write(page, text) {
  await page.fill('#compose', text);
  await page.press('#compose', 'Enter');
}

export async function say(page, text) {
  await write(page, text);
  await until(page, () => !document.querySelector('#pending li'));
}

export function texts(page) {
  return page.locator('#log .text').allTextContents();
}

// Waits until the log ends with these messages, and returns all of it.
export async function heard(page, ...last) {
  await until(page, (wanted) => {
    const all = [...document.querySelectorAll('#log .text')].map((one) => one.textContent);
    return JSON.stringify(all.slice(-wanted.length)) === JSON.stringify(wanted);
  }, last);
  return texts(page);
}

export async function people(page, ...names) {
  await until(page, (wanted) => {
    const all = [...document.querySelectorAll('#people-list .person')].map(
        (one) => one.textContent);
    return JSON.stringify(all.sort()) === JSON.stringify(wanted);
  }, names.sort());
}

// A token for somebody who has no page.
export async function tokenOf(page, name) {
  return (await logIn(page.url(), {name})).token;
}

// Puts many messages into a room, from sessions of their own because each has a command bucket.
export async function flood(page, room, from, to, more = '') {
  await page.evaluate(async ([token, name, first, last, rest]) => {
    const kEach = 400;
    for (let n = first; n <= last; n += kEach) {
      const client = new Centrifuge(`ws://${location.host}/connection/websocket`, {token});
      const connects = new Promise((resolve) => client.once('connected', resolve));
      const subscription = client.newSubscription(`chat:${name}`);
      const enters = new Promise((resolve) => subscription.once('subscribed', resolve));
      subscription.subscribe();
      client.connect();
      await connects;
      await enters;
      const sent = [];
      for (let i = n; i < Math.min(n + kEach, last + 1); ++i) {
        sent.push(subscription.publish({id: `flood-${i}`, text: `message ${i}${rest}`}));
      }
      await Promise.all(sent).catch((error) => { throw new Error(JSON.stringify(error)); });
      client.disconnect();
    }
  }, [await tokenOf(page, 'Flood'), room, from, to, more]);
}

// Searches in the page. Answers the texts it shows.
export async function search(page, text) {
  await page.fill('#search-text', text);
  await page.press('#search-text', 'Enter');
  await until(page, () => /message|Nothing|word|answer|Only/.test(
      document.querySelector('#found-state').textContent));
  return found(page);
}

export function found(page) {
  return page.locator('#found-list .text').allTextContents();
}

// For people to look at, if they want to.
export async function picture(page, name) {
  const folder = process.env.MADANG_SCREENSHOTS;
  if (folder) await page.screenshot({path: path.join(folder, `${name}.png`)});
}
