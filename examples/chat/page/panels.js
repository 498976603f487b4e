// SPDX-License-Identifier: Apache-2.0
// On a narrow screen the rooms and the people are panels that slide over the conversation.

const narrow = matchMedia('(max-width: 60rem)');

export class Panels {
  // `panels` is an array of [button that opens it, panel].
  constructor(main, shade, panels) {
    this.main = main;
    this.shade = shade;
    this.panels = panels.map(([button, panel]) => ({button, panel}));
    this.open = null;
    for (const one of this.panels) {
      one.button.addEventListener('click', () => this.show(one));
      one.panel.querySelector('.close').addEventListener('click', () => this.close());
    }
    shade.addEventListener('click', () => this.close());
    addEventListener('keydown', (event) => event.key === 'Escape' && this.close());
    narrow.addEventListener('change', () => this.apply(null));
    this.apply(null);
  }

  show(one) {
    this.apply(one);
    one.panel.querySelector('.close').focus();
  }

  // Returns the focus to where it came from.
  close() {
    const {open} = this;
    this.apply(null);
    open?.button.focus();
  }

  apply(open) {
    this.open = open;
    for (const one of this.panels) {
      one.panel.classList.toggle('open', one === open);
      one.panel.inert = narrow.matches && one !== open;
      one.button.setAttribute('aria-expanded', String(one === open));
    }
    this.main.inert = open !== null;
    this.shade.hidden = open === null;
  }
}
