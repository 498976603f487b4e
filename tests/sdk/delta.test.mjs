// SPDX-License-Identifier: Apache-2.0
// The stock client's own decoder makes the target out of patches of ours, in both of its formats.

import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {test} from 'node:test';

import {Centrifuge} from 'centrifuge';
import {Centrifuge as CentrifugeProtobuf} from 'centrifuge/build/protobuf';
import WebSocket from 'ws';

import {pathOf} from './server.mjs';

const kProgram = 'tests/base/fossil_patches';

// Some differ in the last byte of a character alone.
const kNames = ['가나', '각난', '갂낟', 'é', '😀😁', 'plain', '"q"\n'];

// What a subscription hands a publication to; no connection is needed for it.
const codecOf = (Client) => new Client('ws://127.0.0.1:1', {websocket: WebSocket})._codec;
const json = codecOf(Centrifuge);
const protobuf = codecOf(CentrifugeProtobuf);

// Numbers below `bound`, the same for the same seed: a linear congruence modulo 2^32.
function seeded(seed) {
  let state = seed >>> 0;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}

// The patch for each [source, target], or null where the target goes whole.
function patchesOf(pairs) {
  const input = Buffer.concat(pairs.flatMap(
      ([source, target]) => [Buffer.from(`${source.length} ${target.length}\n`), source, target]));
  const run = spawnSync(pathOf(kProgram), {input, maxBuffer: 2 ** 28});
  assert.equal(run.error, undefined);
  assert.equal(run.status, 0, run.stderr?.toString());
  let at = 0;
  const patches = pairs.map(() => {
    const end = run.stdout.indexOf('\n', at);
    const size = run.stdout.subarray(at, end).toString();
    at = end + 1;
    if (size === '-') return null;
    return run.stdout.subarray(at, at += Number(size));
  });
  assert.equal(at, run.stdout.length);
  return patches;
}

// Records of one shape, as a room would publish them, with some put in, taken out or changed.
function nextDocument(below, document, changes) {
  const next = structuredClone(document);
  for (let i = 0; i < changes; ++i) {
    const at = below(next.rows.length + 1);
    const row = {
      id: below(1e6), name: kNames[below(kNames.length)], score: below(1e4),
      tags: ['x', 'y'].slice(below(2)),
    };
    if (below(3) === 0) next.rows.splice(at, 1);
    else if (below(2) === 0) next.rows.splice(at, 0, row);
    else if (at < next.rows.length) Object.assign(next.rows[at], {...row, id: next.rows[at].id});
  }
  return next;
}

test('delta: a chain of JSON publications is decoded by the JSON client', () => {
  let patched = 0;
  for (let seed = 1; seed <= 40; ++seed) {
    const below = seeded(seed);
    const chain = [nextDocument(below, {title: '한국어 😀', rows: []}, 30)];
    for (let i = 0; i < 25; ++i) chain.push(nextDocument(below, chain.at(-1), below(4)));
    const texts = chain.map((document) => Buffer.from(JSON.stringify(document)));
    const patches = patchesOf(texts.slice(1).map((text, i) => [texts[i], text]));

    let known = json.applyDeltaIfNeeded({data: texts[0].toString()}, undefined).newPrevValue;
    patches.forEach((patch, i) => {
      const sent = patch ?? texts[i + 1];
      // It throws if this is not UTF-8.
      const asText = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(sent);
      // As it goes over the wire.
      const publication = JSON.parse(JSON.stringify({data: asText, delta: patch !== null}));
      const decoded = json.applyDeltaIfNeeded(publication, known);
      assert.deepEqual(decoded.newData, chain[i + 1]);
      assert.deepEqual(Buffer.from(decoded.newPrevValue), texts[i + 1]);
      known = decoded.newPrevValue;
      patched += patch !== null;
    });
  }
  assert.ok(patched > 900, `${patched} of 1,000 were patches`);
});

test('delta: binary publications are decoded by the Protobuf client', () => {
  const below = seeded(7);
  const bytes = (size) => Buffer.from(Array.from({length: size}, () => below(256)));
  const pairs = [];
  for (let i = 0; i < 300; ++i) {
    const source = bytes(below(i % 20 === 0 ? 50_000 : 800));
    let target = source;
    for (let edits = below(4); edits > 0; --edits) {
      const begin = below(target.length + 1);
      const end = Math.min(target.length, begin + below(60));
      const [before, piece, after] =
          [target.subarray(0, begin), target.subarray(begin, end), target.subarray(end)];
      target = Buffer.concat([[before, bytes(below(50)), after], [after, piece, before],
                              [before, piece, piece, after], [before, after]][below(4)]);
    }
    pairs.push([source, target]);
  }
  pairs.push([Buffer.alloc(2 ** 20, 'ab'), Buffer.alloc(2 ** 20 - 77, 'ab')]);
  pairs.push([Buffer.alloc(2 ** 20, 0xff), Buffer.alloc(2 ** 20 + 77, 0xff)]);  // A large checksum.
  let patched = 0;
  patchesOf(pairs).forEach((patch, i) => {
    const [source, target] = pairs[i];
    if (patch === null) return;
    ++patched;
    assert.ok(patch.length < target.length);
    const publication = {data: new Uint8Array(patch), delta: true};
    const decoded = protobuf.applyDeltaIfNeeded(publication, new Uint8Array(source));
    assert.deepEqual(Buffer.from(decoded.newData), target);
  });
  assert.ok(patched > 250, `${patched} of ${pairs.length} were patches`);
});

test('delta: the client refuses a patch for another source', () => {
  const below = seeded(3);
  const source = Buffer.from(JSON.stringify(nextDocument(below, {rows: []}, 30)));
  const other = Buffer.from(JSON.stringify(nextDocument(below, {rows: []}, 30)));
  const target = Buffer.from(source.toString().replace('"id"', '"no"'));
  const [patch] = patchesOf([[source, target]]);
  assert.throws(() => json.applyDeltaIfNeeded({data: patch.toString(), delta: true}, other));
});
