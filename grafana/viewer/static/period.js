// Which period is looked at: presets, and from when until when in UTC.

import { fromOf, toOf } from './address.js';
import { dropdown } from './dropdown.js';
import { time } from './units.js';

const PRESETS = [
  ['now-15m', 'Last 15 minutes'], ['now-1h', 'Last hour'], ['now-24h', 'Last 24 hours'],
  ['now-7d', 'Last 7 days'], ['now-30d', 'Last 30 days'], ['now-90d', 'Last 90 days'],
  ['now-1y', 'Last year'],
];
const WHOLE = 'Whole history';
const END_OF_CALENDAR = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** The control; `choose({from, to})` is called with what is chosen. */
export function periodControl(board, current, choose) {
  const control = dropdown('period', 'Period', (box) => fill(box));

  function fill(box) {
    const whole = current().values.first_event?.[0] ?? '0';
    const last = current().values.last_event?.[0] ?? 'now';
    const presets = [...PRESETS, [whole, WHOLE, last]].map(([from, title, to = 'now']) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = title;
      button.className = 'preset';
      button.setAttribute('aria-pressed', String(title === titleOf(board, current())));
      button.addEventListener('click', () => pick(from, to));
      return button;
    });
    box.replaceChildren(...presets, absolute());
  }

  function absolute() {
    const form = document.createElement('form');
    const from = moment('From (UTC)', inputText(fromOf(board, current())));
    const to = moment('To (UTC)', inputText(toOf(board, current())));
    const wrong = document.createElement('p');
    wrong.className = 'message';
    wrong.setAttribute('role', 'alert');
    const apply = document.createElement('button');
    apply.textContent = 'Apply';
    form.append(from.label, to.label, wrong, apply);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const [begin, end] = [from, to].map(({ input }) => Date.parse(`${input.value}Z`));
      if (begin <= end) pick(String(begin), String(end));
      else wrong.textContent = 'From has to be before to.';
    });
    return form;
  }

  function pick(from, to) {
    control.close();
    choose({ from, to });
  }

  return { root: control.root, show: () => { control.button.textContent = titleOf(board, current()); } };
}

/** A period in words. */
export function titleOf(board, looked) {
  const [from, to] = [fromOf(board, looked), toOf(board, looked)];
  const last = looked.values.last_event?.[0] ?? 'now';
  const preset = PRESETS.find(([begin]) => begin === from);
  if (to === 'now' && preset) return preset[1];
  if (to === last && (from === '0' || from === looked.values.first_event?.[0])) return WHOLE;
  return `${momentText(from)} – ${momentText(to)}`;
}

function momentText(text) {
  const ms = msOf(text);
  return ms === null ? text : time(ms).slice(0, 16);
}

function msOf(text) {
  const ms = /^-?\d+$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(ms) ? null : Math.min(ms, END_OF_CALENDAR);
}

function inputText(text) {
  const back = /^now(?:-(\d+)([smhdwMy]))?$/.exec(text);
  const sizes = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800, M: 2_592_000, y: 31_536_000 };
  const ms = back ? Date.now() - 1000 * Number(back[1] ?? 0) * (sizes[back[2]] ?? 0) : msOf(text);
  return new Date(ms ?? Date.now()).toISOString().slice(0, 19);
}

function moment(title, value) {
  const label = document.createElement('label');
  label.textContent = title;
  const input = document.createElement('input');
  input.type = 'datetime-local';
  input.step = '1';
  input.required = true;
  input.value = value;
  label.append(input);
  return { label, input };
}
