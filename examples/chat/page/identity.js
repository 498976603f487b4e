// SPDX-License-Identifier: Apache-2.0
// Who we are: a name of our choice and a random user id, kept in this browser. All tabs share them.

const kKey = 'madang.me';

export const kNameLengthMax = 32;

// 128 random bits. Not crypto.randomUUID, which plain http from another machine does not have.
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function cleanName(text) {
  const name = text.normalize('NFC').replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  return Array.from(name).slice(0, kNameLengthMax).join('');
}

// Returns {user, name}; the name is empty on the first visit.
export function loadMe() {
  try {
    const me = JSON.parse(localStorage.getItem(kKey));
    if (/^[0-9a-f]{32}$/.test(me.user)) return {user: me.user, name: cleanName(String(me.name))};
  } catch {
    // Nothing kept, or not ours, or the browser keeps nothing: we are new.
  }
  return {user: randomId(), name: ''};
}

export function saveMe(me) {
  try {
    localStorage.setItem(kKey, JSON.stringify(me));
  } catch {
    // Then we are somebody new next time.
  }
}

// Calls back when another tab has changed the name.
export function watchMe(changed) {
  addEventListener('storage', (event) => {
    if (event.key === kKey && event.newValue) changed(loadMe());
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
