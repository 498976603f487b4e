// SPDX-License-Identifier: Apache-2.0
// The two lists beside the conversation: the rooms there are, and the people who are here.

import {hueOf, initialOf} from './identity.js';

const kPeopleShownMax = 300;
const byName = new Intl.Collator(undefined, {sensitivity: 'base', numeric: true});

// Letters and digits of any script, "-" and "_", as the server has it.
export function cleanRoomName(text) {
  return text.normalize('NFC').trim().replace(/^#/, '').replace(/\s+/g, '-');
}

export function isRoomName(name) {
  return /^[\p{L}\p{N}\p{M}_-]{1,32}$/u.test(name);
}

export function roomAddress(name) {
  return `#/${encodeURIComponent(name)}`;
}

// Shows `rooms`, an array of {name, people}, and marks the current one. Keeps the focus.
export function showRooms(list, rooms, current) {
  const focused = list.contains(document.activeElement) && document.activeElement.dataset.room;
  const sorted = [...rooms].sort((a, b) => byName.compare(a.name, b.name));
  list.replaceChildren(...sorted.map(({name, people}) => {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = roomAddress(name);
    link.dataset.room = name;
    if (name === current) link.setAttribute('aria-current', 'page');
    append(link, 'span', 'room-name', name).dir = 'auto';
    const count = append(link, 'span', 'count', people > 0 ? String(people) : '');
    append(count, 'span', 'unseen', people === 1 ? ' person' : people > 0 ? ' people' : 'empty');
    item.append(link);
    return item;
  }));
  if (focused) [...list.querySelectorAll('a')].find((a) => a.dataset.room === focused)?.focus();
}

// Up, down, Home and End walk through the links of a list.
export function walkWithArrows(list) {
  list.addEventListener('keydown', (event) => {
    const links = [...list.querySelectorAll('a')];
    const at = links.indexOf(document.activeElement);
    const to = {ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1}[event.key];
    if (to === undefined || !links[to]) return;
    event.preventDefault();
    links[to].focus();
  });
}

// Shows the people here, ourselves first. `people` maps user ids to names.
export function showPeople(list, people, me) {
  const others = [...people].filter(([user]) => user !== me.user)
      .sort((a, b) => byName.compare(a[1], b[1]));
  const shown = [[me.user, me.name || 'You'], ...others].slice(0, kPeopleShownMax);
  list.replaceChildren(...shown.map(([user, name]) => {
    const item = document.createElement('li');
    item.style.setProperty('--hue', hueOf(user));
    append(item, 'span', 'mark', initialOf(name)).setAttribute('aria-hidden', 'true');
    append(item, 'span', 'person', name).dir = 'auto';
    if (user === me.user) append(item, 'span', 'you', 'you');
    return item;
  }));
}

function append(parent, tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  parent.append(element);
  return element;
}
