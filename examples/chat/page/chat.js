// SPDX-License-Identifier: Apache-2.0
// The chat page: connects, follows the address to a room, and ties the parts together.

import {cleanName, loadMe, logIn, saveMe, watchMe} from './identity.js';
import {Composer} from './composer.js';
import {Outbox} from './outbox.js';
import {Panels} from './panels.js';
import {Room} from './room.js';
import {Search} from './search.js';
import {cleanRoomName, isRoomName, roomAddress, showPeople, showRooms, walkWithArrows}
  from './side.js';
import {StateLine} from './state_line.js';
import {keyOf, Timeline} from './timeline.js';

const kFirstRoom = 'lobby';
const kRoomsRefreshMs = 10 * 1000;
const kNearEdgePx = 300;
const kLoginRefused = 1;  // of the library
const kInvalidToken = 3500;

const $ = (id) => document.getElementById(id);
let me = loadMe();
let room = null;
let rooms = [];
let here = 0;    // people in our room
let unseen = 0;  // messages that came while nobody looked
let refusals = 0;  // tokens refused in a row

// Some networks let no WebSocket through; the others are tried in this order. ?transport= names one
// alone.
const transports = ['websocket', 'http_stream', 'sse'].map((transport) => {
  const scheme = transport === 'websocket' ? location.protocol.replace('http', 'ws')
                                           : location.protocol;
  return {transport, endpoint: `${scheme}//${location.host}/connection/${transport}`};
});
const wanted = new URLSearchParams(location.search).get('transport');
const client = new Centrifuge(
    wanted ? transports.filter(({transport}) => transport === wanted) : transports, {
      getToken, minReconnectDelay: 300, maxReconnectDelay: 8000,
      emulationEndpoint: `${location.origin}/emulation`,
    });
const timeline = new Timeline($('scroll'), $('log'), me.user);
const state = new StateLine($('state'), $('state-text'), $('try-again'));
const panels = new Panels($('main'), $('shade'),
                          [[$('open-rooms'), $('rooms')], [$('open-people'), $('people')]]);
const composer = new Composer($('compose-form'), $('compose'), $('pending'), (text) => {
  if (!room || !outbox.add(room.name, text)) return false;
  if (!timeline.live) room.showLatest().catch(() => {});
  timeline.toEnd();
  search.hide();
  return true;
});
const outbox = new Outbox(() => showPending());
const search = new Search(
    {
      form: $('search'), text: $('search-text'), open: $('open-search'), close: $('close-search'),
      panel: $('found'), state: $('found-state'), again: $('search-again'), list: $('found-list'),
      back: $('found-back'), log: $('scroll'),
    },
    async (text, below) =>
        (await client.rpc('search', {room: `chat:${room?.name}`, text, below})).data,
    (offset) => room.showAround(offset));

function showPending() {
  if (!room) return;
  composer.showPending(outbox.of(room.name), me, outbox);
  if (timeline.pinned) timeline.toEnd();
  showEdges();
}

// --- One room ----------------------------------------------------------------------------------

function enterRoom(name) {
  if (room?.name === name) return;
  composer.keepDraft(room?.name);
  room?.leave();
  outbox.connect(null);
  timeline.reset();
  search.reset();
  room = null;
  $('room-title').textContent = name;
  state.connecting();
  showTitle();
  if (!isRoomName(name)) return state.refused('There can be no room of this name');
  room = new Room(client, me.user, name, timeline, viewOf(name));
  composer.takeDraft(name);
  showHere(new Map(), 1);
  showPending();
  room.enter();
  beginWriting();
}

// Not where it would open a keyboard over half of the screen.
function beginWriting() {
  if (matchMedia('(hover: hover)').matches) $('compose').focus();
}

function viewOf(name) {
  return {
    entered: ({missed, lost}) => {
      state.connected(missed, lost);
      outbox.connect(room);
      settle();
      refreshRooms();
      search.probe();
    },
    away: () => {
      outbox.connect(null);
      state.reconnecting();
    },
    refused: (reason) => state.refused(`“${name}” cannot be entered: ${reason}`),
    message: ({data}) => {
      outbox.remove(data.user === me.user ? data.id : '');
      if (document.hidden) ++unseen;
      showTitle();
      showEdges();
    },
    people: showHere,
    cameOrWent: (user, who, came) => timeline.note(user, who, came),
    moved: () => {
      settle();
      readNearEdges();
    },
  };
}

// Forgets what was sent and is on the screen by now.
function settle() {
  for (const {id} of outbox.of(room.name)) {
    if (timeline.has(keyOf({user: me.user, id}))) outbox.remove(id);
  }
}

function showHere(people, count) {
  const number = people ? people.size + (people.has(me.user) ? 0 : 1) : count;
  here = number;
  listRooms();
  $('people-count').textContent = number;
  $('people-short').textContent = number;
  showPeople($('people-list'), people ?? new Map(), me);
}

function showTitle() {
  if (!document.hidden) unseen = 0;
  const name = $('room-title').textContent;
  document.title = `${unseen > 0 ? `(${unseen}) ` : ''}${name} · madang`;
}

// What is said at the ends of the log.
function showEdges() {
  const empty = room?.shown && room.top === 0 && outbox.of(room.name).length === 0;
  $('empty').hidden = !empty;
  $('empty').textContent = empty ? 'Nothing has been said here yet. The first word is yours.' : '';
  $('edge').hidden = !timeline.complete || !room?.top;
  $('edge').textContent = timeline.first === 1 ? 'This is where the room began.' :
      'This is as far back as the room remembers.';
  $('latest').hidden = timeline.pinned && timeline.live;
  $('latest').textContent = 'To the newest message';
}

function readNearEdges() {
  const {scrollTop, scrollHeight, clientHeight} = $('scroll');
  if (scrollTop < kNearEdgePx) room?.older();
  if (scrollHeight - scrollTop - clientHeight < kNearEdgePx) room?.newer();
  showEdges();
}

$('scroll').addEventListener('scroll', readNearEdges, {passive: true});

$('latest').addEventListener('click', () => {
  search.hide();
  if (timeline.live) timeline.toEnd();
  else room?.showLatest().catch(() => {});
  $('compose').focus();
});

// Escape and letters lead back to writing; the arrow keys scroll.
$('scroll').addEventListener('keydown', (event) => {
  const writes = event.key.length === 1 && event.key !== ' ' &&
      !event.ctrlKey && !event.metaKey && !event.altKey;
  if ((writes || event.key === 'Escape') && !event.target.closest('a')) $('compose').focus();
});
$('compose').addEventListener('keydown', (event) => {
  if (event.key === 'Escape') $('scroll').focus();
});
$('skip').addEventListener('click', (event) => {
  event.preventDefault();
  $('compose').focus();
});
document.addEventListener('visibilitychange', showTitle);

// --- The rooms ---------------------------------------------------------------------------------

function listRooms() {
  const listed = new Map([[kFirstRoom, 0], [room?.name ?? kFirstRoom, 0]]);
  for (const {name, people} of rooms) listed.set(name, people);
  if (room?.shown) listed.set(room.name, here);
  showRooms($('room-list'), [...listed].map(([name, people]) => ({name, people})), room?.name);
}

async function refreshRooms() {
  if (client.state !== 'connected') return;
  try {
    ({data: {rooms}} = await client.rpc('rooms', {}));
    listRooms();
  } catch {
    // The next round asks again.
  }
}

function followAddress() {
  let name = '';
  try {
    name = decodeURIComponent(location.hash.replace(/^#\/?/, ''));
  } catch {
    // Not an address of ours.
  }
  enterRoom(cleanRoomName(name) || kFirstRoom);
  if (panels.open) panels.close();
}

$('room-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = cleanRoomName($('room-name').value);
  const good = isRoomName(name);
  $('room-hint').textContent =
      good || !name ? '' : 'Up to 32 letters, digits, “-” and “_”, in any script.';
  if (!good) return;
  $('room-name').value = '';
  location.hash = roomAddress(name);
});
walkWithArrows($('room-list'));

// --- Who we are --------------------------------------------------------------------------------

function askName() {
  $('name').value = me.name;
  $('name-cancel').hidden = !me.name;
  $('name-dialog').showModal();
  $('name').select();
}

// The library asks for a token to connect with, and again before that one ends. Where the server is
// away it tries again, later each time.
async function getToken() {
  try {
    const {user, pass, token} = await logIn(me);
    me = {...me, user, pass};
    timeline.iAm(user);
    if (room) room.me = user;
    return token;
  } catch (error) {
    throw error.refused ? new Centrifuge.UnauthorizedError(error.message) : error;
  }
}

function become(name, user = me.user) {
  const changed = me.name !== '' && (me.name !== name || me.user !== user);
  me = {...me, name};
  $('me').hidden = false;
  $('me-name').textContent = name;
  if (room) showPeople($('people-list'), room.people, me);
  if (changed) client.disconnect();  // Who we are is in the token.
  connect();
}

// Nobody is here without a name.
$('name-dialog').addEventListener('close', () => me.name || askName());
$('name-cancel').addEventListener('click', () => $('name-dialog').close());
$('rename').addEventListener('click', askName);
$('name-form').addEventListener('submit', (event) => {
  const name = cleanName($('name').value);
  if (!name) return event.preventDefault();
  become(name);
  saveMe(me);
  beginWriting();
});
watchMe((other) => {
  if (!me.name) $('name-dialog').close();  // It is answered in the other tab.
  become(other.name, other.user);
});

// --- Beginning ---------------------------------------------------------------------------------

// With a new token.
function connect() {
  if (client.state !== 'disconnected') return;
  client.setToken('');
  client.connect();
}

client.on('connected', () => { refusals = 0; });
client.on('disconnected', ({code, reason}) => {
  // A server that has lost its key gives us another pass. It is asked once.
  if (code === kInvalidToken && refusals++ === 0) connect();
  else if (code === kLoginRefused) state.refused('The server does not let you in.');
  else if (code !== 0) state.refused(`Disconnected: ${reason}`);
});
$('try-again').addEventListener('click', () => {
  state.connecting();
  connect();
  room?.subscription.subscribe();
});
setInterval(() => document.hidden || refreshRooms(), kRoomsRefreshMs);
addEventListener('hashchange', followAddress);
addEventListener('pagehide', () => composer.keepDraft(room?.name));

followAddress();
if (me.name) become(me.name);
else askName();
