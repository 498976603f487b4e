// SPDX-License-Identifier: Apache-2.0
// One quiet line that says how we stand with the server.

const kNewsMs = 8 * 1000;
// A connection that comes back at once is not worth a word.
const kPatienceMs = 400;

export class StateLine {
  constructor(line, text, again) {
    this.line = line;
    this.text = text;
    this.again = again;
    this.timer = 0;
    this.connecting();
  }

  connecting() { this.say('connecting', 'Connecting'); }

  reconnecting() {
    if (this.line.dataset.kind === 'connecting') return;
    clearTimeout(this.timer);
    const text = 'Reconnecting. What you write is kept and sent afterwards.';
    this.timer = setTimeout(() => this.say('away', text), kPatienceMs);
  }

  // `missed` messages were said while we were away; `lost` says that some can not be had any more.
  connected(missed, lost) {
    if (lost) {
      this.say('lost', 'Back again. Some older messages could not be brought back.');
      return;
    }
    if (missed === 0) {
      this.say('connected', 'Connected');
      return;
    }
    const messages = missed === 1 ? '1 message' : `${missed} messages`;
    this.say('caught-up', `Caught up: ${messages} while you were away`);
    this.timer = setTimeout(() => this.say('connected', 'Connected'), kNewsMs);
  }

  refused(reason) {
    this.say('refused', reason);
    this.again.hidden = false;
  }

  say(kind, text) {
    clearTimeout(this.timer);
    this.line.dataset.kind = kind;
    this.text.textContent = text;
    this.again.hidden = true;
  }
}
