// A panel's frame: title, what it tells, what it waits for or lacks; and in it what is drawn.
//
// `data-state` says how it is: loading, ready, empty, stale (drawn, but the last answer failed),
// failed (nothing to show). `answer` on the element is what is drawn.

import { drawBars } from './bars.js';
import { remove } from './chart.js';
import { drawOverTime } from './over_time.js';
import { drawStat } from './stat.js';
import { drawTable } from './table.js';
import { drawText } from './text.js';
import { time } from './units.js';

const DRAWS = { stat: drawStat, timeseries: drawOverTime, barchart: drawBars, table: drawTable, text: drawText };
const NONE = 'No data in this range';

export class PanelView {
  #panel;
  #context;
  #drawn = null;
  #at = 0;

  /** `context()` gives board, what is looked at, and `look(change)`. */
  constructor(panel, context) {
    this.#panel = panel;
    this.#context = context;
    const element = this.element = document.createElement('section');
    element.className = `panel ${panel.kind}`;
    element.dataset.panelId = String(panel.id);
    element.dataset.kind = panel.kind;
    element.setAttribute('aria-labelledby', `panel-${panel.id}`);
    for (const [side, value] of Object.entries(panel.grid)) element.style.setProperty(`--${side}`, String(value));
    this.body = document.createElement('div');
    this.body.className = 'body';
    this.note = document.createElement('p');
    this.note.className = 'note';
    element.append(this.#header(), this.body);
    this.#is(panel.kind === 'text' ? 'ready' : 'loading');
    new ResizeObserver(() => requestAnimationFrame(() => this.redraw())).observe(this.body);
  }

  #header() {
    const header = document.createElement('header');
    const title = document.createElement('h2');
    title.id = `panel-${this.#panel.id}`;
    title.textContent = this.#panel.title;
    title.title = this.#panel.title;
    header.append(title, this.note);
    if (this.#panel.description) header.append(...about(this.#panel));
    return header;
  }

  #is(state) {
    this.element.dataset.state = state;
    this.element.setAttribute('aria-busy', String(state === 'loading'));
  }

  /** The question changed: what is drawn answers another one. */
  wait() {
    if (this.#panel.kind !== 'text') this.#is('loading');
  }

  async show(answer) {
    this.#at = Date.now();
    this.note.textContent = answer.cut ? `first ${answer.rows.length.toLocaleString('en')} rows` : '';
    this.note.title = '';
    const isNew = this.#changed(answer);
    this.#drawn = this.element.answer = answer;
    if (isNew) await this.redraw();
    this.#is(answer.rows.length ? 'ready' : 'empty');
  }

  fail(message) {
    if (this.#drawn === null) {
      this.#message(message);
      this.#is('failed');
      return;
    }
    this.note.textContent = `as of ${time(this.#at).slice(11)} UTC: ${message}`;
    this.note.title = message;
    this.#is('stale');
  }

  /** Draw again, as after a change of size or theme. */
  async redraw() {
    if (this.#panel.kind === 'text') return drawText(this.body, { panel: this.#panel });
    if (this.#drawn === null) return undefined;
    if (this.#drawn.rows.length === 0 && this.#panel.kind !== 'stat') return this.#message(NONE);
    this.body.querySelector(':scope > .message')?.remove();
    return DRAWS[this.#panel.kind](this.body, { panel: this.#panel, answer: this.#drawn, ...this.#context() });
  }

  #message(text) {
    remove(this.body);
    const message = document.createElement('p');
    message.className = 'message';
    message.textContent = text;
    this.body.append(message);
  }

  /** Whether something would be drawn otherwise; a period that moved by less than a pixel is none. */
  #changed(answer) {
    const before = this.#drawn;
    if (before === null || this.element.dataset.state === 'loading') return true;
    if (JSON.stringify([before.columns, before.rows]) !== JSON.stringify([answer.columns, answer.rows])) return true;
    if (this.#panel.kind !== 'timeseries') return false;
    const pixel = (answer.to_ms - answer.from_ms) / Math.max(1, this.body.clientWidth);
    return Math.abs(answer.to_ms - before.to_ms) > pixel || Math.abs(answer.from_ms - before.from_ms) > pixel;
  }
}

/** A button that tells what the panel is about, on hover, focus and click. */
function about(panel) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'info';
  button.textContent = 'i';
  button.setAttribute('aria-label', `About ${panel.title}`);
  const text = document.createElement('p');
  text.id = `about-${panel.id}`;
  text.className = 'tip';
  text.setAttribute('role', 'tooltip');
  text.textContent = panel.description;
  button.setAttribute('aria-describedby', text.id);
  button.addEventListener('click', () => button.focus()); // Safari does not focus by a click
  button.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') button.blur();
  });
  return [button, text];
}
