// The page: reads a dashboard, asks its questions again and again, draws the answers.

import { questionOf, readAddress, writeAddress } from './address.js';
import { ask, Unanswered } from './data.js';
import { addressOf } from './links.js';
import { CHOICES, Live } from './live.js';
import { PanelView } from './panel.js';
import { periodControl } from './period.js';
import { switching } from './theme.js';
import { time } from './units.js';
import { variableControl } from './variables.js';

const REFRESH = 'promo-refresh';
const uid = location.pathname.split('/')[2];
const base = `/dashboards/${uid}`;
const by = (id) => document.getElementById(id);
const never = new AbortController().signal;

async function start() {
  const board = await patiently(() => ask(`${base}/board`, never));
  const page = new Page(board);
  await page.readHidden();
  page.build();
}

/** The first answers; while there is none the page says why, and asks again. */
async function patiently(asking) {
  for (;;) {
    try {
      const found = await asking();
      by('trouble').hidden = true;
      return found;
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      by('trouble').hidden = false;
      by('trouble').textContent = `${error.message} Trying again …`;
      await new Promise((done) => setTimeout(done, 2_000));
    }
  }
}

class Page {
  constructor(board) {
    this.board = board;
    this.hidden = {};
    this.controls = [];
    this.read();
  }

  read() {
    this.looked = readAddress(this.board, location.search);
    Object.assign(this.looked.values, this.hidden);
  }

  /** Values that nobody chooses, which links and the default period stand on. */
  async readHidden() {
    const names = this.board.variables.filter(({ hidden }) => hidden).map(({ name }) => name);
    await Promise.all(names.map(async (name) => {
      const { options } = await patiently(() => this.options(name));
      this.hidden[name] = options.slice(0, 1).map(({ value }) => value);
    }));
    this.read();
  }

  options(name) {
    return ask(`${base}/variables/${encodeURIComponent(name)}?${questionOf(this.board, this.looked)}`, never);
  }

  build() {
    const { board } = this;
    document.title = `${board.title} · Promo Sentinel`;
    by('title').textContent = board.title;
    by('description').textContent = board.description;
    by('boards').replaceChildren(...board.boards.map((each) => tab(each, board.uid)));
    const context = () => ({ board, looked: this.looked, look: (change) => this.look(change) });
    const ordered = [...board.panels].sort((a, b) => a.grid.y - b.grid.y || a.grid.x - b.grid.x);
    this.panels = ordered.map((panel) => [panel, new PanelView(panel, context)]);
    fillRows(this.panels);
    by('panels').replaceChildren(...this.panels.map(([, view]) => view.element));
    this.#controls();
    this.live = new Live((signal) => this.refresh(signal));
    this.#refreshing();
    switching(by('theme'), () => this.panels.forEach(([, view]) => view.redraw()));
    addEventListener('popstate', () => { this.read(); this.changed(); });
    this.show();
  }

  #controls() {
    const { board } = this;
    const period = periodControl(board, () => this.looked, (change) => this.look(change));
    by('period').replaceChildren(period.root);
    const chosen = board.variables.filter(({ hidden }) => !hidden).map((variable) => variableControl(variable, {
      chosen: () => this.looked.values[variable.name],
      choose: (values) => this.look({ values: { ...this.looked.values, [variable.name]: values } }),
      options: () => this.options(variable.name),
    }));
    by('variables').replaceChildren(...chosen.map(({ root }) => root));
    this.controls = [period, ...chosen];
  }

  #refreshing() {
    const select = by('refresh');
    select.replaceChildren(...Object.entries(CHOICES).map(([value, title]) => new Option(title, value)));
    const kept = localStorage.getItem(REFRESH);
    select.value = kept in CHOICES ? kept : 'auto';
    select.addEventListener('change', () => {
      localStorage.setItem(REFRESH, select.value);
      this.live.choose(select.value);
    });
    this.live.choose(select.value);
    if (select.value === 'off') this.live.now();
  }

  /** Look at another period, or with other choices. */
  look(change) {
    this.looked = { ...this.looked, ...change };
    const search = writeAddress(this.board, this.looked);
    history.pushState(null, '', search ? `?${search}` : location.pathname);
    this.changed();
  }

  changed() {
    this.show();
    for (const [, view] of this.panels) view.wait();
    this.live.now();
  }

  show() {
    for (const control of this.controls) control.show();
    const links = this.board.links.map((link) => [link, addressOf(link.url, { board: this.board, looked: this.looked })]);
    by('links').replaceChildren(...links.filter(([, href]) => href).map(([link, href]) => {
      const anchor = document.createElement('a');
      anchor.href = href;
      anchor.textContent = link.title;
      return anchor;
    }));
  }

  /** Ask all panels' questions; each draws as its answer comes. */
  async refresh(signal) {
    const question = questionOf(this.board, this.looked);
    const outcomes = await Promise.all(this.panels.map(([panel, view]) => this.#one(panel, view, question, signal)));
    if (signal.aborted) return;
    const well = outcomes.every(Boolean);
    document.body.dataset.refresh = well ? 'well' : 'ill';
    if (well) by('updated').textContent = `updated ${time(Date.now()).slice(11)} UTC`;
    document.body.dataset.round = String(Number(document.body.dataset.round ?? 0) + 1);
  }

  async #one(panel, view, question, signal) {
    if (panel.kind === 'text') return true;
    try {
      const answer = await ask(`${base}/panels/${panel.id}?${question}`, signal);
      if (!signal.aborted) await view.show(answer);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      view.fail(error instanceof Unanswered ? error.message : 'This cannot be drawn.');
      if (!(error instanceof Unanswered)) console.error(error);
      return false;
    }
  }
}

function tab({ uid: to, title }, current) {
  const anchor = document.createElement('a');
  anchor.href = `/dashboards/${to}`;
  anchor.textContent = title;
  if (to === current) anchor.setAttribute('aria-current', 'page');
  return anchor;
}

/** On a phone stats stand two by two: the last of an odd number takes the whole row. */
function fillRows(panels) {
  let run = [];
  const end = () => {
    if (run.length % 2) run.at(-1).classList.add('alone');
    run = [];
  };
  for (const [panel, view] of panels) {
    if (panel.kind === 'stat') run.push(view.element);
    else end();
  }
  end();
}

start();
