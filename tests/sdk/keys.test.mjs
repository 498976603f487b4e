// SPDX-License-Identifier: Apache-2.0
// Public keys of a login of another language, in a file that is replaced while the server runs.
import assert from 'node:assert/strict';
import {generateKeyPairSync, sign as signBytes} from 'node:crypto';
import {mkdtemp, rename, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import {after, afterEach, before, test} from 'node:test';

import {Host, next, until} from './harness.mjs';
import {inSeconds} from './jwt.mjs';
import {startReady} from './ready.mjs';

const kKinds = {
  RS256: ['rsa', {modulusLength: 2048}, 'sha256'],
  RS512: ['rsa', {modulusLength: 2048}, 'sha512'],
  ES256: ['ec', {namedCurve: 'P-256'}, 'sha256'],
  ES384: ['ec', {namedCurve: 'P-384'}, 'sha384'],
  EdDSA: ['ed25519', {}, null],
};

function makeKey(alg, kid) {
  const [type, options, hash] = kKinds[alg];
  const {publicKey, privateKey} = generateKeyPairSync(type, options);
  const text = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    jwk: {...publicKey.export({format: 'jwk'}), kid, alg, use: 'sig'},
    pem: publicKey.export({type: 'spki', format: 'pem'}),
    token(claims, header = {alg, kid}) {
      const signed = `${text(header)}.${text({exp: inSeconds(60), ...claims})}`;
      const key = {key: privateKey, dsaEncoding: 'ieee-p1363'};
      return `${signed}.${signBytes(hash, Buffer.from(signed), key).toString('base64url')}`;
    },
  };
}

const keys = Object.keys(kKinds).map((alg) => [alg, makeKey(alg, `the ${alg} key`)]);
let folder;
let file;
let host;

// As a careful login does it: whoever reads has the old file or the new one.
async function replace(text) {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}
const jwks = (all) => JSON.stringify({keys: all.map((key) => key.jwk)});

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'madang-'));
  file = path.join(folder, 'keys.json');
  await replace(jwks(keys.map(([, key]) => key)));
  host = new Host(await startReady({tokens: {key_file: file},
                                    rooms: {'': {subscribe: 'users'}}}));
});
afterEach(() => host.disconnect());
after(async () => {
  assert.equal(await host.stop(), 0, 'the server ends in good order');
  await rm(folder, {recursive: true});
});

// 0 if the token lets its user in, or the number of the refusal.
async function outcome(token) {
  const client = host.client({token});
  const outcomes = [next(client, 'connected').then(() => 0),
                    next(client, 'disconnected').then(({code}) => code)];
  for (const one of outcomes) one.catch(() => {});
  client.connect();
  const code = await Promise.race(outcomes);
  client.disconnect();
  return code;
}

for (const [alg, key] of keys) {
  test(`${alg}: a token is good by its key, and by no other`, async () => {
    assert.equal(await outcome(key.token({sub: 'ann'})), 0);
    const stranger = makeKey(alg, `the ${alg} key`);
    assert.equal(await outcome(stranger.token({sub: 'ann'})), 3500);
    assert.equal(await outcome(key.token({sub: 'ann'}, {alg, kid: 'another'})), 3500);
    for (const other of ['HS256', 'none']) {
      const header = {alg: other, kid: `the ${alg} key`};
      assert.equal(await outcome(key.token({sub: 'ann'}, header)), 3500, other);
    }
  });
}

test('keys that are replaced count from then on, and a bad file changes nothing', async () => {
  const [, old] = keys[2];
  const fresh = makeKey('ES256', 'fresh');
  await replace('{"keys":[{"kty":');
  assert.equal(await outcome(old.token({sub: 'ann'})), 0);
  await replace(jwks([fresh]));
  await until(async () => await outcome(fresh.token({sub: 'ann'})) === 0, 'the new key');
  assert.equal(await outcome(old.token({sub: 'ann'})), 3500);
  await replace(old.pem);
  await until(async () => await outcome(old.token({sub: 'ann'})) === 0, 'a key in PEM');
});
