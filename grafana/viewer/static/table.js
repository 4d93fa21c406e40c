// Rows to read, in the answer's order.

import { fieldOf, shown } from './fields.js';
import { addressOf } from './links.js';

const AT_FIRST = 200;
// Of a column that shares what the others leave; where that is less, the table scrolls.
const LEAST_PX = 150;
const LEAST_WRAPPED_PX = 260;
const TIME_PX = 176;

export function drawTable(body, context) {
  const { panel, answer } = context;
  const fields = answer.columns.map((column) => fieldOf(panel, column));
  const scroll = body.querySelector('.scroll') ?? scrolling(body, panel.title);
  const table = document.createElement('table');
  const rows = document.createElement('tbody');
  const most = Number(scroll.dataset.most ?? AT_FIRST);
  rows.append(...answer.rows.slice(0, most).map((row) => rowOf(context, fields, row)));
  table.style.minWidth = `${fields.reduce((sum, field) => sum + leastOf(field), 0)}px`;
  table.append(widths(fields), head(fields), rows);
  const rest = answer.rows.length - most;
  // The element that scrolls stays: nobody is taken from the line that they read.
  scroll.replaceChildren(table, ...(rest > 0 ? [more(body, scroll, context, rest)] : []));
}

function scrolling(body, title) {
  const scroll = document.createElement('div');
  scroll.className = 'scroll';
  scroll.tabIndex = 0;
  scroll.setAttribute('role', 'region');
  scroll.setAttribute('aria-label', title);
  body.replaceChildren(scroll);
  return scroll;
}

function widths(fields) {
  const group = document.createElement('colgroup');
  for (const field of fields) {
    const column = document.createElement('col');
    if (field.width || field.type === 'time') column.style.width = `${leastOf(field)}px`;
    group.append(column);
  }
  return group;
}

function leastOf(field) {
  return Math.max(field.width ?? (field.wraps ? LEAST_WRAPPED_PX : LEAST_PX), field.type === 'time' ? TIME_PX : 0);
}

function head(fields) {
  const heads = document.createElement('thead');
  const row = heads.insertRow();
  for (const field of fields) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.textContent = field.title;
    cell.classList.toggle('right', field.type === 'number');
    row.append(cell);
  }
  return heads;
}

function rowOf({ board, looked }, fields, row) {
  const line = document.createElement('tr');
  const named = Object.fromEntries(fields.map((field, at) => [field.name, row[at]]));
  fields.forEach((field, at) => {
    const cell = line.insertCell();
    const { text, colour } = shown(field, row[at], board.currency);
    const href = field.links[0] && row[at] !== null
      ? addressOf(field.links[0].url, { board, looked, value: row[at], row: named }) : null;
    const inner = document.createElement(href ? 'a' : 'span');
    if (href) inner.href = href;
    inner.textContent = text;
    if (colour && field.cell !== 'auto') {
      inner.className = 'badge';
      inner.style.setProperty('--badge', colour);
    }
    cell.title = text;
    cell.classList.toggle('right', field.type === 'number');
    cell.classList.toggle('time', field.type === 'time');
    cell.classList.toggle('none', row[at] === null);
    cell.classList.toggle('wraps', field.wraps);
    cell.append(inner);
  });
  return line;
}

function more(body, scroll, context, rest) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'more';
  button.textContent = `Show ${rest.toLocaleString('en')} more`;
  button.addEventListener('click', () => {
    scroll.dataset.most = String(context.answer.rows.length);
    drawTable(body, context);
  });
  return button;
}
