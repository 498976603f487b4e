// SPDX-License-Identifier: Apache-2.0
// One room as a member sees it: what is said, what was said before, and who is here.

const kPageMessages = 60;
const kRetryMs = 1000;
const kPeopleRefreshMs = 60 * 1000;
const kTooMany = 106;

export class Room {
  // `view` is told: entered({missed, lost}), away(), refused(reason), message(publication),
  // people(names by user, or null if they are too many, count), cameOrWent(user, name, came), and
  // moved() when the timeline shows another part of the history.
  constructor(client, me, name, timeline, view) {
    this.client = client;
    this.me = me;  // our user id, once it is known
    this.name = name;
    this.timeline = timeline;
    this.view = view;
    this.people = new Map();  // user id -> name
    this.epoch = '';
    this.top = 0;  // the newest offset we know of
    this.shown = false;    // the timeline has been filled once
    this.fills = 0;        // how often the timeline was begun anew
    this.filling = false;  // it is being filled anew
    this.reading = false;  // a page is on its way
    this.subscription = client.newSubscription(`chat:${name}`, {joinLeave: true});
    this.listen(this.subscription);
  }

  listen(subscription) {
    subscription.on('subscribed', (context) => this.subscribed(context));
    subscription.on('subscribing', () => this.view.away());
    subscription.on('unsubscribed', ({code, reason}) => {
      if (code !== 0) this.view.refused(reason);
    });
    subscription.on('publication', (publication) => this.arrived(publication));
    subscription.on('join', ({info}) => this.cameOrWent(info, true));
    subscription.on('leave', ({info}) => this.cameOrWent(info, false));
  }

  enter() {
    this.refreshTimer = setInterval(() => this.refreshPeople(), kPeopleRefreshMs);
    this.subscription.subscribe();
  }

  leave() {
    clearInterval(this.refreshTimer);
    ++this.fills;  // What is still under way is not for the next room.
    this.subscription.removeAllListeners();
    this.subscription.unsubscribe();
    this.client.removeSubscription(this.subscription);
  }

  publish(message) { return this.subscription.publish(message); }

  // Whether a message that arrives now is put on the screen.
  showsLatest() { return this.timeline.live; }

  // This comes before what was missed is handed out, so `top` still tells where we left.
  async subscribed(context) {
    const {streamPosition, wasRecovering, recovered} = context;
    const caughtUp = wasRecovering && recovered && this.shown;
    const before = this.top;
    this.refreshPeople();
    try {
      if (caughtUp) {
        const {offset} = await this.subscription.history({limit: 0});
        if (this.isHere()) this.view.entered({missed: offset - before, lost: false});
      } else {
        const lost = this.shown && wasRecovering;
        this.epoch = streamPosition.epoch;
        this.top = streamPosition.offset;
        await this.showLatest();
        if (this.isHere()) this.view.entered({missed: 0, lost});
      }
    } catch {
      // After a new break the next answer to subscribe comes here again.
      setTimeout(() => this.isHere() && this.subscribed(context), kRetryMs);
    }
  }

  isHere() { return this.subscription.state === 'subscribed'; }

  arrived(publication) {
    this.top = Math.max(this.top, publication.offset);
    this.heardName(publication.data);
    if (this.timeline.live && !this.filling) this.timeline.append([publication]);
    this.view.message(publication);
  }

  // Starts again at the newest message. What arrives meanwhile is fetched, so that there is no gap.
  showLatest() {
    return this.fill(async (current) => {
      const page = await this.history({reverse: true});
      if (!current()) return;
      this.timeline.reset();
      this.timeline.slideDown(page.publications.reverse());
      this.timeline.complete = page.publications.length === 0 || this.timeline.first <= 1;
      let seen = page.offset;
      while (seen < this.top) {
        const next = await this.history({since: {offset: seen, epoch: this.epoch}});
        if (!current()) return;
        this.timeline.slideDown(next.publications);
        seen = next.publications.at(-1)?.offset ?? this.top;
      }
      this.top = Math.max(this.top, seen);
      this.timeline.toEnd();
    });
  }

  // Starts again around a message that was said at any time. Throws if it is not there any more.
  showAround(offset) {
    return this.fill(async (current) => {
      const {epoch} = this;
      const [above, below] = await Promise.all([
        this.history({since: {offset, epoch}, reverse: true}),
        this.history({since: {offset: offset - 1, epoch}}),
      ]);
      if (!current()) return;
      if (below.publications[0]?.offset !== offset) throw new Error('the message is gone');
      this.timeline.reset();
      this.timeline.pinned = false;
      this.timeline.slideDown([...above.publications.reverse(), ...below.publications]);
      this.timeline.complete = above.publications.length === 0 || this.timeline.first <= 1;
      this.timeline.live = this.timeline.last >= this.top;
      this.timeline.point(offset);
    });
  }

  // Lets `show` begin the timeline anew, unless another such call comes after this one. Resolves
  // with whether it has.
  async fill(show) {
    const number = ++this.fills;
    const current = () => number === this.fills;
    this.filling = true;
    try {
      await show(current);
    } finally {
      if (current()) this.filling = false;
    }
    if (!current()) return false;
    this.shown = true;
    this.view.moved();
    return true;
  }

  history(options) { return this.subscription.history({limit: kPageMessages, ...options}); }

  // Reads the page before the window, if there is one. A page may be short of messages that are
  // long; where there is none the history begins.
  older() {
    if (this.timeline.complete || !this.timeline.first) return;
    return this.read(this.timeline.first, true, (messages) => {
      this.timeline.complete = messages.length === 0 || messages.at(-1).offset <= 1;
      this.timeline.slideUp(messages);
    });
  }

  // Reads the page after a window that does not reach the newest message.
  newer() {
    if (this.timeline.live) return;
    const last = this.timeline.last;
    return this.read(last, false, async (messages, current) => {
      // Either nobody ever got what is missing, or it has left the history while the reader was
      // further up.
      if (messages[0]?.offset !== last + 1 && !(await this.remembers(last))) {
        return current() && this.showLatest();
      }
      if (!current()) return;
      this.timeline.slideDown(messages);
      this.timeline.live = messages.length === 0 || this.timeline.last >= this.top;
    });
  }

  async remembers(offset) {
    const since = {offset: offset - 1, epoch: this.epoch};
    const {publications} = await this.history({limit: 1, since});
    return publications[0]?.offset === offset;
  }

  // One page at a time.
  async read(offset, reverse, show) {
    if (this.reading || this.filling || !this.isHere()) return;
    this.reading = true;
    const {fills} = this;
    const current = () => fills === this.fills;
    try {
      const {publications} = await this.history({reverse, since: {offset, epoch: this.epoch}});
      if (current()) await show(publications, current);
    } catch {
      return;  // Scrolling there asks again.
    } finally {
      this.reading = false;
    }
    this.view.moved();
  }

  cameOrWent({user, connInfo}, came) {
    if (user === this.me) return;
    const name = String(connInfo?.name ?? 'Somebody');
    if (came) this.people.set(user, name);
    else this.people.delete(user);
    this.view.people(this.people, this.people.size);
    this.view.cameOrWent(user, name, came);
  }

  // Who changes their name and has another tab here does not come in again.
  heardName({user, name}) {
    if (!this.people.has(user) || this.people.get(user) === name) return;
    this.people.set(user, name);
    this.view.people(this.people, this.people.size);
  }

  // Asks who is here. Several tabs of one person are one person. A large room tells only numbers.
  async refreshPeople() {
    if (!this.isHere()) return;
    try {
      const {clients} = await this.subscription.presence();
      this.people = new Map(Object.values(clients).map(
          ({user, connInfo}) => [user, String(connInfo?.name ?? 'Somebody')]));
      this.view.people(this.people, this.people.size);
    } catch (error) {
      if (error.code !== kTooMany) return;
      const {numUsers} = await this.subscription.presenceStats().catch(() => ({}));
      if (numUsers) this.view.people(null, numUsers);
    }
  }
}
