// SPDX-License-Identifier: Apache-2.0
// Where messages are written, and those that have not arrived yet. Drafts are kept for each room.

import {messageElement} from './timeline.js';

const kDrafts = 'madang.draft.';
const kRowsHeightMaxPx = 180;

const kStates = {
  waiting: 'Waiting for the connection',
  sending: 'Sending',
  sent: 'Sent',
};

export class Composer {
  // `send` takes a text and returns whether it was taken.
  constructor(form, input, pending, send) {
    this.form = form;
    this.input = input;
    this.pending = pending;
    this.send = send;
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.submit();
    });
    input.addEventListener('input', () => this.fit());
    input.addEventListener('keydown', (event) => {
      // While a syllable is being composed, Enter belongs to the input method.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
  }

  submit() {
    const text = this.input.value.trim();
    if (!text || !this.send(text)) return;
    this.input.value = '';
    this.fit();
    this.input.focus();
  }

  // As high as its text.
  fit() {
    this.input.style.height = 'auto';
    this.input.style.height = `${Math.min(this.input.scrollHeight, kRowsHeightMaxPx)}px`;
  }

  keepDraft(room) {
    if (!room) return;
    try {
      if (this.input.value) sessionStorage.setItem(kDrafts + room, this.input.value);
      else sessionStorage.removeItem(kDrafts + room);
    } catch {
      // Then it is not kept.
    }
  }

  takeDraft(room) {
    try {
      this.input.value = sessionStorage.getItem(kDrafts + room) ?? '';
    } catch {
      this.input.value = '';
    }
    this.fit();
  }

  showPending(entries, me, outbox) {
    this.pending.replaceChildren(...entries.map((entry) => {
      const item = messageElement({...me, ...entry, time: Date.now()}, true);
      item.classList.add('follows', entry.state);
      const note = document.createElement('p');
      note.className = 'delivery';
      note.textContent = kStates[entry.state] ?? `Not sent: ${entry.reason}`;
      if (entry.state === 'refused') {
        note.append(' ', button('Try again', () => outbox.retry(entry.id)),
                    ' ', button('Discard', () => outbox.remove(entry.id)));
      }
      item.append(note);
      return item;
    }));
    this.pending.hidden = entries.length === 0;
  }
}

function button(text, pressed) {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = 'quiet';
  element.textContent = text;
  element.addEventListener('click', pressed);
  return element;
}
