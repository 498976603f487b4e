// SPDX-License-Identifier: Apache-2.0
// Who we are: a name of our choice, the user id that the server gave us, and the pass by which it
// knows us again. Kept in this browser; all tabs share them.

const kKey = 'madang.me';
const kLoginMsMax = 10 * 1000;

export const kNameLengthMax = 32;

// Names what we say: 128 random bits. Not crypto.randomUUID, which plain http from another machine
// does not have.
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function cleanName(text) {
  const name = text.normalize('NFC').replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return Array.from(name).slice(0, kNameLengthMax).join('');
}

// Returns {user, name, pass}; all are empty on the first visit. A former page kept no pass and made
// up its user, so of what it kept only the name is good.
export function loadMe() {
  try {
    const {user, name, pass} = JSON.parse(localStorage.getItem(kKey));
    const known = typeof user === 'string' && typeof pass === 'string';
    return {user: known ? user : '', name: cleanName(String(name)), pass: known ? pass : ''};
  } catch {
    // Nothing kept, or not ours, or the browser keeps nothing: we are new.
  }
  return {user: '', name: '', pass: ''};
}

export function saveMe(me) {
  try {
    localStorage.setItem(kKey, JSON.stringify(me));
  } catch {
    // Then we are somebody new next time.
  }
}

// Shows the server our pass, or gets one, and keeps it. Resolves with {user, pass, token}. An error
// says in `refused` whether it is of no use to ask again.
export async function logIn(me) {
  const response = await fetch('/login', {
    method: 'POST',
    body: JSON.stringify({name: me.name, pass: loadMe().pass || me.pass}),
    signal: AbortSignal.timeout(kLoginMsMax),
  });
  if (!response.ok) {
    const refused = response.status >= 400 && response.status < 500;
    throw Object.assign(new Error(`the login answers ${response.status}`), {refused});
  }
  const {user, pass, token} = await response.json();
  saveMe({user, name: loadMe().name || me.name, pass});
  return {user, pass, token};
}

// Calls back when another tab has logged in, maybe under another name. Tabs that get new passes at
// the same time all go on with the one that was kept last.
export function watchMe(changed) {
  addEventListener('storage', (event) => {
    if (event.key !== kKey) return;
    const me = loadMe();
    if (me.pass && me.name) changed(me);
  });
}

// A hue that is always the same for one user.
export function hueOf(user) {
  let hash = 2166136261;
  for (let i = 0; i < user.length; ++i) hash = Math.imul(hash ^ user.charCodeAt(i), 16777619);
  return ((hash >>> 0) * 137) % 360;
}

export function initialOf(name) {
  return (Array.from(name)[0] ?? '?').toLocaleUpperCase();
}
