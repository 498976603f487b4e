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
    this.me = me;  // our user id
    this.name = name;
    this.timeline = timeline;
    this.view = view;
    this.people = new Map();  // user id -> name
    this.epoch = '';
    this.top = 0;  // the newest offset we know of
    this.shown = false;    // the timeline has been filled once
    this.filling = false;  // the timeline is being filled anew
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
        this.view.entered({missed: offset - before, lost: false});
      } else {
        const lost = this.shown && wasRecovering;
        this.epoch = streamPosition.epoch;
        this.top = streamPosition.offset;
        await this.showLatest();
        this.view.entered({missed: 0, lost});
      }
    } catch {
      // After a new break the next answer to subscribe comes here again.
      setTimeout(() => this.isHere() && this.subscribed(context), kRetryMs);
    }
  }

  isHere() { return this.subscription.state === 'subscribed'; }

  arrived(publication) {
    this.top = Math.max(this.top, publication.offset);
    if (this.timeline.live && !this.filling) this.timeline.append([publication]);
    this.view.message(publication);
  }

  // Starts again at the newest message. What arrives meanwhile is fetched, so that there is no gap.
  async showLatest() {
    this.filling = true;
    try {
      const page = await this.subscription.history({limit: kPageMessages, reverse: true});
      this.timeline.reset();
      this.timeline.complete = page.publications.length < kPageMessages;
      this.timeline.slideDown(page.publications.reverse());
      let seen = page.offset;
      while (seen < this.top) {
        const since = {offset: seen, epoch: this.epoch};
        const next = await this.subscription.history({limit: kPageMessages, since});
        this.timeline.slideDown(next.publications);
        seen = next.publications.at(-1)?.offset ?? this.top;
      }
      this.top = Math.max(this.top, seen);
      this.timeline.toEnd();
      this.shown = true;
    } finally {
      this.filling = false;
    }
    this.view.moved();
  }

  // Reads the page before the window, if there is one.
  older() {
    if (this.timeline.complete || !this.timeline.first) return;
    return this.read(this.timeline.first, true, (messages) => {
      this.timeline.complete = messages.length < kPageMessages;
      this.timeline.slideUp(messages);
    });
  }

  // Reads the page after a window that does not reach the newest message.
  newer() {
    if (this.timeline.live) return;
    const last = this.timeline.last;
    return this.read(last, false, (messages) => {
      // What comes next has left the history while the reader was further up.
      if (messages[0]?.offset !== last + 1) return this.showLatest();
      this.timeline.slideDown(messages);
      this.timeline.live = this.timeline.last >= this.top;
    });
  }

  // One page at a time.
  async read(offset, reverse, show) {
    if (this.reading || this.filling || !this.isHere()) return;
    this.reading = true;
    const since = {offset, epoch: this.epoch};
    try {
      const {publications} = await this.subscription.history(
          {limit: kPageMessages, reverse, since});
      if (since.epoch === this.epoch && !this.filling) await show(publications);
    } catch {
      // Scrolling there asks again.
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
