// SPDX-License-Identifier: Apache-2.0
// The search: a field, and what it finds in place of the conversation, the newest first.

import {hueOf} from './identity.js';

const kPatienceMs = 300;    // after the last letter
const kNearEndPx = 400;
const kResultsMax = 1000;   // in the page
const kTextBeforeHit = 60;  // of a long message, in characters
const kTextShown = 280;

const kNotMember = 103;
const kBadText = 107;
const kNoSearch = 108;

const timeName = new Intl.DateTimeFormat(undefined, {dateStyle: 'medium', timeStyle: 'short'});

export class Search {
  // `parts` are elements: form, text, open, close, panel, state, again, list, back, and log, which
  // the results cover. `ask(text, below)` resolves with a page {messages, below}; `go(offset)`
  // shows the conversation there and rejects if it cannot.
  constructor(parts, ask, go) {
    Object.assign(this, parts);
    this.ask = ask;
    this.go = go;
    this.cameFrom = null;
    this.narrow = matchMedia('(max-width: 60rem)');
    this.listen();
    this.reset();
  }

  listen() {
    this.open.addEventListener('click', () => {
      this.unfold();
      this.text.select();
      this.text.focus();
      this.cameFrom = this.open;
      if (this.wanted) this.show();
    });
    this.close.addEventListener('click', () => this.leave());
    this.back.addEventListener('click', () => {
      this.unfold();
      this.show();
      this.cameFrom = null;
      (this.visited?.isConnected ? this.visited : this.text).focus();
    });
    this.again.addEventListener('click', () => {
      this.text.focus();
      if (this.results > 0) this.more();
      else this.begin();
    });
    this.form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.begin();
    });
    this.form.addEventListener('focusin', ({relatedTarget: from}) => {
      if (from && !this.form.contains(from) && !this.panel.contains(from)) this.cameFrom = from;
    });
    this.text.addEventListener('click', () => this.wanted && this.show());
    this.text.addEventListener('input', () => {
      clearTimeout(this.timer);
      if (this.text.value.trim()) this.timer = setTimeout(() => this.begin(), kPatienceMs);
      else this.forget();
    });
    for (const part of [this.form, this.panel]) {
      part.addEventListener('keydown', (event) => this.pressed(event));
    }
    this.panel.addEventListener('scroll', () => this.moreIfNear(), {passive: true});
  }

  // The room is another one, or none.
  reset() {
    this.hide();
    this.text.value = '';
    this.forget();
  }

  // Shows the field if there is a search. What has no word in it tells that for nothing.
  async probe() {
    const code = await this.ask('', null).then(() => 0, (error) => error.code);
    if (code === 0 || code === kBadText) this.offer(true);
    else if (code === kNoSearch) this.offer(false);
  }

  offer(there) {
    if (!there) this.reset();
    this.form.hidden = !there;
    this.open.hidden = !there;
  }

  // --- What is seen ------------------------------------------------------------------------------

  // On a narrow screen the field lies over the head of the conversation.
  unfold() {
    this.form.classList.add('open');
    this.open.setAttribute('aria-expanded', 'true');
  }

  show() {
    if (this.panel.hidden) this.cover(true);
    this.panel.scrollTop = this.scrolledTo;
  }

  // The text and what was found stay, for a look at another result.
  hide() {
    this.cover(false);
    this.form.classList.remove('open');
    this.open.setAttribute('aria-expanded', 'false');
  }

  cover(covers) {
    clearTimeout(this.timer);
    if (!this.panel.hidden) this.scrolledTo = this.panel.scrollTop;
    this.panel.hidden = !covers;
    this.log.inert = covers;
    this.close.hidden = !covers && !this.narrow.matches;
    this.back.hidden = true;
  }

  // Returns the focus to where it came from.
  leave() {
    this.hide();
    const to = this.narrow.matches ? this.open : this.cameFrom;
    (to?.isConnected && to !== document.body ? to : this.log).focus();
  }

  pressed(event) {
    const results = [...this.list.querySelectorAll('button')];
    const at = results.indexOf(document.activeElement);
    if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      this.leave();
    } else if (event.key === 'ArrowDown' && results[at + 1]) {
      event.preventDefault();
      if (at < 0) this.show();
      results[at + 1].focus();
    } else if (event.key === 'ArrowUp' && at >= 0) {
      event.preventDefault();
      (results[at - 1] ?? this.text).focus();
    }
  }

  // --- Asking ------------------------------------------------------------------------------------

  forget() {
    this.cover(false);
    this.start('');
    this.list.replaceChildren();
    this.say('');
  }

  begin() {
    const text = this.text.value.trim();
    if (!text) return this.forget();
    if (this.panel.hidden) this.forget();
    this.start(text);
    this.cover(true);
    this.more();
  }

  // The old results stay until the first new ones are here, so that nothing flickers.
  start(text) {
    this.wanted = text;
    this.search = {};  // Answers to another one are dropped.
    this.asking = false;
    this.below = null;
    this.results = 0;
    this.visited = null;
    this.scrolledTo = 0;
  }

  async more() {
    if (this.asking) return;
    const {search} = this;
    const first = this.results === 0;
    this.asking = true;
    this.say('Searching');
    try {
      const page = await this.ask(this.wanted, this.below);
      if (search !== this.search) return;
      this.asking = false;
      this.take(page, first);
    } catch (error) {
      if (search !== this.search) return;
      this.asking = false;
      if (first) this.list.replaceChildren();
      if (error.code === kNoSearch) this.offer(false);
      else this.say(reasonOf(error), error.code !== kNotMember && error.code !== kBadText);
    }
  }

  take({messages, below}, first) {
    if (first) {
      this.list.replaceChildren();
      this.panel.scrollTop = 0;
    }
    const words = wordsOf(this.wanted);
    this.list.append(...messages.map(({offset, data}) => this.result(offset, data, words)));
    this.results += messages.length;
    this.below = messages.length > 0 ? below : null;
    const count = this.results === 1 ? '1 message' : `${this.results} messages`;
    if (this.results === 0) this.say(`Nothing found for “${this.wanted}”`);
    else if (this.results === 1) this.say(count);
    else if (!this.below) this.say(`${count}, the newest first`);
    else if (this.results < kResultsMax) this.say(`${count} so far, the newest first`);
    else this.say(`The newest ${count}. More words find fewer.`);
    this.moreIfNear();
  }

  moreIfNear() {
    const {scrollHeight, scrollTop, clientHeight} = this.panel;
    const near = scrollHeight - scrollTop - clientHeight < kNearEndPx;
    const wanted = this.below && this.results < kResultsMax && this.again.hidden;
    if (near && wanted && !this.panel.hidden) this.more();
  }

  say(text, again = false) {
    this.state.textContent = text;
    this.again.hidden = !again;
  }

  // --- The results -------------------------------------------------------------------------------

  result(offset, data, words) {
    const item = document.createElement('li');
    const button = append(item, 'button', 'result', '');
    button.type = 'button';
    button.style.setProperty('--hue', hueOf(data.user));
    const by = append(button, 'span', 'by', '');
    markHits(append(by, 'span', 'author', ''), data.name, words);
    const time = append(by, 'time', '', timeName.format(data.time));
    time.dateTime = new Date(data.time).toISOString();
    markHits(append(button, 'span', 'text', ''), cutAround(data.text, words), words);
    button.addEventListener('click', () => this.visit(offset, button));
    return item;
  }

  async visit(offset, button) {
    const {search} = this;
    try {
      const there = await this.go(offset);
      if (!there || search !== this.search) return;
      this.visited = button;
      this.hide();
      this.back.hidden = false;
      this.log.querySelector('.pointed')?.focus({preventScroll: true});
    } catch {
      if (search === this.search) this.say('The conversation could not be read there.');
    }
  }
}

function reasonOf({code}) {
  if (code === kNotMember) return 'Only who is in the room can search it.';
  if (code === kBadText) return 'Search for one to sixteen words.';
  return 'The search got no answer.';
}

function wordsOf(text) {
  return text.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
}

function anyOf(words) {
  return new RegExp(`(${words.join('|')})`, 'giu');  // Letters and digits mean only themselves.
}

// One line, of a long text the part where a word is first found.
function cutAround(lines, words) {
  const text = lines.replace(/\s+/gu, ' ');
  if (words.length === 0 || text.length <= kTextShown) return text;
  const from = Math.max(0, text.search(anyOf(words)) - kTextBeforeHit);
  // A pair that makes up one character is not cut in the middle.
  const piece = text.slice(from, from + kTextShown)
      .replace(/^[\udc00-\udfff]|[\ud800-\udbff]$/g, '');
  return `${from > 0 ? '…' : ''}${piece}${from + kTextShown < text.length ? '…' : ''}`;
}

// Text from others only ever becomes text nodes.
function markHits(element, text, words) {
  element.dir = 'auto';
  const pieces = words.length > 0 ? text.split(anyOf(words)) : [text];
  for (const [index, piece] of pieces.entries()) {
    if (index % 2 === 0) element.append(piece);
    else append(element, 'mark', '', piece);
  }
}

function append(parent, tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  parent.append(element);
  return element;
}
