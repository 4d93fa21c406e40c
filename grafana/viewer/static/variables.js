// What a reader may choose above the panels.

import { ALL } from './address.js';
import { dropdown } from './dropdown.js';

const LISTED = 100;
const MOST = 100;

/** A variable's control: `root`, and `show()` for when the choice changed elsewhere. */
export function variableControl(variable, { chosen, choose, options }) {
  const field = document.createElement('div');
  field.className = 'variable';
  field.title = variable.description;
  const label = document.createElement('label');
  label.textContent = variable.label;
  const make = { custom, textbox, query: variable.multi ? several : single }[variable.kind];
  const control = make(variable, { chosen, choose, options });
  control.input.id = label.htmlFor = `variable-${variable.name}`;
  field.append(label, control.root);
  return { root: field, show: control.show };
}

function custom(variable, { chosen, choose }) {
  return listed(variable.options.map((value) => ({ value, text: value })), chosen, choose);
}

function single(variable, { chosen, choose, options }) {
  const control = listed([], chosen, choose);
  options().then((found) => { control.fill(found.options); control.show(); }, () => {});
  return control;
}

function listed(entries, chosen, choose) {
  const input = document.createElement('select');
  const fill = (found) => input.replaceChildren(...found.map(({ value, text }) => new Option(text, value)));
  fill(entries);
  input.addEventListener('change', () => choose([input.value]));
  return { root: input, input, fill, show: () => { input.value = chosen()[0] ?? ''; } };
}

function textbox(variable, { chosen, choose }) {
  const input = document.createElement('input');
  input.type = 'search';
  input.maxLength = 512;
  input.placeholder = 'type, then press Enter';
  input.autocomplete = 'off';
  input.spellcheck = false;
  input.addEventListener('change', () => choose([input.value.trim()]));
  return { root: input, input, show: () => { input.value = chosen()[0] ?? ''; } };
}

/** Some of up to thousands, found by typing; only so many are in the document at once. */
function several(variable, { chosen, choose, options }) {
  const control = dropdown('several', variable.label, fill);
  let found = [];

  async function fill(box) {
    const search = document.createElement('input');
    search.type = 'search';
    search.placeholder = 'Type to find';
    search.setAttribute('aria-label', `Find: ${variable.label}`);
    const list = document.createElement('ul');
    const note = document.createElement('p');
    note.className = 'note';
    note.setAttribute('role', 'status');
    box.replaceChildren(search, list, note);
    search.focus();
    search.addEventListener('input', () => render(search, list, note));
    render(search, list, note);
    try {
      ({ options: found } = await options());
      render(search, list, note);
    } catch (error) {
      note.textContent = error.message;
    }
  }

  function render(search, list, note) {
    const wanted = search.value.trim().toLowerCase();
    const picked = new Set(chosen());
    const fitting = found.filter(({ text }) => text.toLowerCase().includes(wanted));
    const ordered = [...fitting.filter(({ value }) => picked.has(value)), ...fitting.filter(({ value }) => !picked.has(value))];
    const entries = ordered.slice(0, LISTED).map(({ value, text }) => entry(text, value, picked.has(value)));
    if (!wanted) entries.unshift(entry('All', ALL, picked.has(ALL)));
    list.replaceChildren(...entries);
    const hidden = fitting.length - Math.min(fitting.length, LISTED);
    note.textContent = hidden ? `and ${hidden.toLocaleString('en')} more: type to find` : '';
    if (wanted && fitting.length === 0) note.textContent = 'nothing fits';
    list.onchange = ({ target }) => toggle(target.value, target.checked);

    // The boxes stay where they are until the list is opened or searched again.
    function toggle(value, on) {
      const others = chosen().filter((each) => each !== ALL && each !== value);
      const next = on && value !== ALL ? [...others, value] : value === ALL ? [] : others;
      if (next.length <= MOST) choose(next.length ? next : [ALL]);
      else note.textContent = `at most ${MOST} can be chosen`;
      for (const box of list.querySelectorAll('input')) box.checked = chosen().includes(box.value);
    }
  }

  const show = () => {
    const texts = chosen().map((value) => (value === ALL ? 'All' : value));
    control.button.textContent = texts.length > 2 ? `${texts.length} chosen` : texts.join(', ');
    control.button.title = texts.slice(0, 20).join(', ');
  };
  return { root: control.root, input: control.button, show };
}

function entry(text, value, on) {
  const item = document.createElement('li');
  const label = document.createElement('label');
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.value = value;
  box.checked = on;
  const name = document.createElement('span');
  name.textContent = text;
  label.append(box, name);
  item.append(label);
  return item;
}
