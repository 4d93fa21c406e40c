// Where a click leads. Every value is percent-encoded, and nothing leads out of this page's host.

import { fromOf, toOf } from './address.js';

const PLACEHOLDER = /\$\{([^}]+)\}/g;
const FIELD = /^__data\.fields(?:\["([^"]+)"\]|\.(\w+))$/;

/**
 * The address that a link of a dashboard stands for; null where a value for it is missing.
 * `value` and `row` (values by column) are the cell's, if it is one.
 */
export function addressOf(url, { board, looked, value = null, row = {} }) {
  let missing = false;
  const filled = url.replace(PLACEHOLDER, (_, name) => {
    if (name === '__url_time_range') return timeRange(board, looked);
    const found = valueOf(name, looked, value, row);
    missing ||= found === null || found === undefined || found === '';
    return encodeURIComponent(found ?? '');
  });
  if (missing || !/^\/(?!\/)/.test(filled)) return null;
  return filled.replace(/^\/d\//, '/dashboards/');
}

function valueOf(name, looked, value, row) {
  const field = FIELD.exec(name);
  if (field) return row[field[1] ?? field[2]];
  return name === '__value.raw' ? value : looked.values[name]?.[0];
}

function timeRange(board, looked) {
  return new URLSearchParams({ from: fromOf(board, looked), to: toOf(board, looked) }).toString();
}
