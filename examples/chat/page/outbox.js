// SPDX-License-Identifier: Apache-2.0
// What was written and is not known to have arrived. It outlives a broken connection and a reload.
//
// A message carries an id of ours. If the connection broke before the answer came, nobody knows
// whether it was taken; it is sent again with the same id, and the server takes it once.

import {randomId} from './identity.js';

const kKey = 'madang.outbox';
const kEntriesMax = 100;
const kRetryMs = 2000;

export class Outbox {
  // `changed` is called after each change of `entries`.
  constructor(changed) {
    this.changed = changed;
    this.entries = load();  // {id, room, text, state: waiting | sending | sent | refused, reason}
    this.room = null;
    this.busy = false;
    this.timer = 0;
  }

  of(roomName) {
    return this.entries.filter((entry) => entry.room === roomName);
  }

  // Returns false when too much is waiting already.
  add(roomName, text) {
    if (this.entries.length >= kEntriesMax) return false;
    this.entries.push({id: randomId(), room: roomName, text, state: 'waiting'});
    this.save();
    this.flush();
    return true;
  }

  // The room that messages can go to at the moment, or null.
  connect(room) {
    this.room = room;
    for (const entry of this.entries) {
      // "Sent" that was never seen coming back is asked about again.
      if (room && entry.room === room.name && entry.state === 'sent') entry.state = 'waiting';
    }
    this.flush();
  }

  retry(id) {
    const entry = this.entries.find((one) => one.id === id);
    if (entry) entry.state = 'waiting';
    this.save();
    this.flush();
  }

  remove(id) {
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => entry.id !== id);
    if (this.entries.length !== before) this.save();
  }

  // Sends one after the other, so that they keep their order whatever happens on the way.
  async flush() {
    if (this.busy) return;
    this.busy = true;
    clearTimeout(this.timer);
    for (let entry = this.next(); entry; entry = this.next()) {
      if (!(await this.send(entry))) break;
    }
    this.busy = false;
  }

  next() {
    return this.room &&
        this.entries.find((entry) => entry.room === this.room.name && entry.state === 'waiting');
  }

  // Returns whether the next one may follow.
  async send(entry) {
    const room = this.room;
    entry.state = 'sending';
    this.save();
    try {
      await room.publish({id: entry.id, text: entry.text});
      entry.state = 'sent';
      if (!room.showsLatest()) this.remove(entry.id);
    } catch (error) {
      const temporary = error.temporary || !(error.code >= 100);
      entry.state = temporary ? 'waiting' : 'refused';
      entry.reason = temporary ? '' : String(error.message);
      if (temporary && this.room === room) this.timer = setTimeout(() => this.flush(), kRetryMs);
      this.save();
      return !temporary || this.room !== room;
    }
    this.save();
    return true;
  }

  save() {
    try {
      sessionStorage.setItem(kKey, JSON.stringify(this.entries));
    } catch {
      // Then they live as long as the page.
    }
    this.changed();
  }
}

function load() {
  try {
    const entries = JSON.parse(sessionStorage.getItem(kKey)) ?? [];
    return entries.slice(0, kEntriesMax).map(({id, room, text, state, reason}) => ({
      id: String(id), room: String(room), text: String(text), reason: String(reason ?? ''),
      state: state === 'refused' ? 'refused' : 'waiting',
    }));
  } catch {
    return [];
  }
}
