// SPDX-License-Identifier: Apache-2.0
// The messages on the screen: a window over the room's history, without a gap, moved by scrolling.
// What leaves the window is forgotten and fetched again when needed, so that memory is bounded.

import {hueOf, initialOf} from './identity.js';

const kWindowMax = 300;
const kGroupMs = 5 * 60 * 1000;
const kNoteNamesMax = 8;
const kNearBottomPx = 60;
const kPointedMs = 4000;

const clock = new Intl.DateTimeFormat(undefined, {hour: 'numeric', minute: '2-digit'});
const dayName = new Intl.DateTimeFormat(undefined,
                                         {weekday: 'long', day: 'numeric', month: 'long'});
const fullTime = new Intl.DateTimeFormat(undefined, {dateStyle: 'full', timeStyle: 'medium'});

export function keyOf(message) {
  return `${message.user}/${message.id}`;
}

export class Timeline {
  constructor(scroll, log, myUser) {
    this.scroll = scroll;
    this.log = log;
    this.myUser = myUser;
    this.reset();
    // A keyboard that opens, or a window that shrinks, must not hide the newest message.
    new ResizeObserver(() => this.pinned && this.toEnd()).observe(scroll);
    scroll.addEventListener('scroll', () => this.scrolled(), {passive: true});
  }

  reset() {
    this.log.replaceChildren();
    this.items = [];  // {element, key, offset}; notes have no key and no offset
    this.keys = new Set();
    this.live = true;    // the window reaches the newest message
    this.complete = false;  // the window reaches the oldest message there is
    this.pinned = true;  // the reader is at the end and wants to stay there
    this.lastTop = 0;
  }

  // Who we are, which the server may say at any time.
  iAm(user) {
    if (this.myUser === user) return;
    this.myUser = user;
    this.quietly(() => {
      for (const [index, item] of this.items.entries()) {
        if (!item.data) continue;
        const element = messageElement(item.data, item.data.user === user);
        item.element.replaceWith(element);
        item.element = element;
        this.regroupAt(index);
      }
    });
  }

  get size() { return this.keys.size; }
  get first() { return this.items.find((item) => item.offset)?.offset ?? 0; }
  get last() { return this.items.findLast((item) => item.offset)?.offset ?? 0; }
  has(key) { return this.keys.has(key); }

  // Only the reader's own move up unpins: what grows or shrinks also moves the end away.
  scrolled() {
    const {scrollTop} = this.scroll;
    if (scrollTop < this.lastTop || this.nearEnd()) this.pinned = this.nearEnd();
    this.lastTop = scrollTop;
  }

  nearEnd() {
    const {scrollHeight, scrollTop, clientHeight} = this.scroll;
    return this.live && scrollHeight - scrollTop - clientHeight < kNearBottomPx;
  }

  toEnd() {
    this.pinned = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.lastTop = this.scroll.scrollTop;
  }

  // Adds messages {offset, data}, oldest first, that follow the window. A full window whose upper
  // half is being read stays as it is, and is no longer live.
  append(messages) {
    const fresh = this.fresh(messages);
    if (!this.pinned && this.items.length + fresh.length > kWindowMax) {
      if (this.scroll.scrollTop > this.scroll.scrollHeight / 2) this.slideDown(fresh);
      else this.live = false;
      return;
    }
    for (const message of fresh) this.insert(message, this.items.length);
    this.trimTop();
    this.follow();
  }

  // Where the end is costs a layout; of a thousand messages that come at once, only one.
  follow() {
    if (this.following) return;
    this.following = requestAnimationFrame(() => {
      this.following = 0;
      if (this.pinned) this.toEnd();
    });
  }

  // Moves the window down: the same messages, but what is being read stays where it is and nothing
  // is read aloud.
  slideDown(messages) {
    this.quietly(() => {
      const {last} = this;
      for (const message of messages) {
        if (message.offset > last) this.insert(message, this.items.length);
      }
      const height = this.scroll.scrollHeight;
      const {scrollTop} = this.scroll;
      this.trimTop();
      this.scroll.scrollTop = scrollTop - (height - this.scroll.scrollHeight);
    });
  }

  // Moves the window up by messages that come before it, newest first.
  slideUp(messages) {
    this.quietly(() => {
      const below = this.scroll.scrollHeight - this.scroll.scrollTop;
      for (const message of messages) {
        if (message.offset < this.first) this.insert(message, 0);
      }
      for (let i = 0; i <= messages.length + 1; ++i) this.regroupAt(i);
      this.scroll.scrollTop = this.scroll.scrollHeight - below;
      while (this.items.length > kWindowMax) {
        if (this.items.at(-1).offset) this.live = false;
        this.drop(this.items.length - 1);
      }
    });
    this.pinned = this.nearEnd();
  }

  // Brings a message to the middle of the screen, and marks it for a moment.
  point(offset) {
    const element = this.items.find((item) => item.offset === offset)?.element;
    if (!element) return;
    element.scrollIntoView({block: 'center'});
    this.lastTop = this.scroll.scrollTop;
    this.pinned = this.nearEnd();
    element.tabIndex = -1;
    element.classList.add('pointed');
    setTimeout(() => element.classList.remove('pointed'), kPointedMs);
  }

  // What was sent twice, because the answer was long in coming, is shown once.
  fresh(messages) {
    const {last} = this;
    return messages.filter((one) => one.offset > last && !this.has(keyOf(one.data)));
  }

  // Says in a quiet line that somebody came or went. Lines in a row become one, and who went and
  // came again in it is not mentioned.
  note(user, name, came) {
    if (!this.live || this.items.length >= 2 * kWindowMax) return;
    let item = this.items.at(-1);
    if (!item?.people) {
      const element = document.createElement('li');
      element.className = 'note';
      item = {element, people: new Map()};
      this.items.push(item);
      this.log.append(element);
    }
    if (item.people.get(user)?.came === !came) item.people.delete(user);
    else item.people.set(user, {name, came});
    item.element.textContent = noteText([...item.people.values()]);
    item.element.hidden = item.people.size === 0;
    if (this.pinned) this.trimTop();
    if (this.pinned) this.toEnd();
  }

  // Changes the log without having it read aloud.
  quietly(change) {
    const live = this.log.parentElement;
    live.setAttribute('aria-live', 'off');
    change();
    requestAnimationFrame(() => live.setAttribute('aria-live', 'polite'));
  }

  insert({offset, data}, index) {
    const element = messageElement(data, data.user === this.myUser);
    const item = {element, offset, key: keyOf(data), data};
    this.log.insertBefore(element, this.items[index]?.element ?? null);
    this.items.splice(index, 0, item);
    this.keys.add(item.key);
    if (index > 0) this.regroupAt(index);
  }

  drop(index) {
    const [item] = this.items.splice(index, 1);
    item.element.remove();
    if (item.key) this.keys.delete(item.key);
  }

  trimTop() {
    while (this.items.length > kWindowMax) {
      if (this.items[0].offset) this.complete = false;
      this.drop(0);
    }
    this.regroupAt(0);
    this.regroupAt(1);
  }

  // A message that soon follows one of the same person needs no name; one of a new day tells it.
  regroupAt(index) {
    const {element, data} = this.items[index] ?? {};
    if (!data) return;
    // A line that says who came is no message; there are never two of them in a row.
    const above = this.items[index - 1];
    const before = above?.data ?? this.items[index - 2]?.data;
    const sameDay = before && dayName.format(before.time) === dayName.format(data.time);
    element.classList.toggle('new-day', !sameDay);
    element.classList.toggle('follows', Boolean(
        sameDay && above.data && before.user === data.user && before.name === data.name &&
        data.time - before.time < kGroupMs));
  }
}

export function messageElement(data, own) {
  const item = document.createElement('li');
  item.className = own ? 'message own' : 'message';
  item.style.setProperty('--hue', hueOf(data.user));
  const time = new Date(data.time);
  part(item, 'p', 'day', dayName.format(time));
  part(item, 'span', 'mark', initialOf(data.name)).setAttribute('aria-hidden', 'true');
  const head = part(item, 'p', 'by', '');
  part(head, 'span', 'author', data.name).dir = 'auto';
  if (own) part(head, 'span', 'you', 'you');
  const stamp = part(head, 'time', '', clock.format(time));
  stamp.dateTime = time.toISOString();
  stamp.title = fullTime.format(time);
  fillText(part(item, 'p', 'text', ''), data.text);
  return item;
}

function part(parent, tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  parent.append(element, ' ');
  return element;
}

// Text from others only ever becomes text nodes; addresses become links to themselves.
function fillText(element, text) {
  element.dir = 'auto';
  for (const [index, piece] of text.split(/(\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)])/u).entries()) {
    if (index % 2 === 0) {
      element.append(piece);
      continue;
    }
    const link = document.createElement('a');
    link.href = piece;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    link.textContent = piece;
    element.append(link);
  }
}

function noteText(people) {
  const listed = (came) => {
    const names = people.filter((one) => one.came === came).map((one) => one.name);
    const more = names.length - kNoteNamesMax;
    if (more > 0) names.splice(kNoteNamesMax, more, `${more} more`);
    return names.join(', ');
  };
  const came = listed(true);
  const went = listed(false);
  return [came && `${came} came in`, went && `${went} left`].filter(Boolean).join(' · ');
}
