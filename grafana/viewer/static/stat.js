// One number that is read from across the room.

import { fieldOf, shown, thresholdColour } from './fields.js';
import { addressOf } from './links.js';

/** The last row's value in the first column that is no time, and its field. */
export function statOf(panel, answer) {
  const at = Math.max(0, answer.columns.findIndex((column) => column.type !== 'time'));
  const values = answer.rows.map((row) => row[at]).filter((value) => value !== null);
  return { field: fieldOf(panel, answer.columns[at]), value: values.at(-1) ?? null };
}

export function drawStat(body, { panel, answer, board, looked }) {
  const { field, value } = statOf(panel, answer);
  const { text, colour } = shown(field, value, board.currency);
  const link = [...field.links, ...panel.links][0];
  const href = link && addressOf(link.url, { board, looked, value });
  const number = document.createElement(href ? 'a' : 'p');
  if (href) number.href = href;
  number.className = 'number';
  number.textContent = text;
  number.title = text;
  number.style.color = value === null ? '' : (colour ?? thresholdColour(field, value) ?? '');
  number.classList.toggle('none', value === null);
  // Long texts get smaller letters; twelve fit at full size.
  number.style.setProperty('--letters', String(Math.max(7, [...text].length)));
  body.replaceChildren(number);
}
