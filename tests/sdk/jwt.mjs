// SPDX-License-Identifier: Apache-2.0
// Tokens as a login of another language makes them.

import {createHmac} from 'node:crypto';

export const kSecret = 'a secret that is long enough for HS256';

const text = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

export function sign(claims, secret = kSecret, alg = 'HS256') {
  const signed = `${text({alg, typ: 'JWT'})}.${text(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

// One that nobody signed.
export const unsigned = (claims) => `${text({alg: 'none', typ: 'JWT'})}.${text(claims)}.`;

export const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;
