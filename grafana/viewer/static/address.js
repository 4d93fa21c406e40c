// What is looked at, as the address says it: `from`, `to`, `var-x`, as in Grafana.

export const ALL = '__all';
const EVERY = new Set([ALL, '$__all']);

/** Period and choices of an address; what it does not say is the dashboard's default. */
export function readAddress(board, search) {
  const given = new URLSearchParams(search);
  const values = {};
  for (const variable of board.variables) {
    const found = given.getAll(`var-${variable.name}`);
    if (found.length === 0) values[variable.name] = [...variable.default];
    else if (variable.multi && found.some((value) => EVERY.has(value))) values[variable.name] = [ALL];
    else values[variable.name] = found;
  }
  return { from: given.get('from'), to: given.get('to'), values };
}

/** The address's part behind `?` of what is looked at; defaults are left out. */
export function writeAddress(board, looked) {
  const told = new URLSearchParams();
  if (looked.from !== null) told.set('from', looked.from);
  if (looked.to !== null) told.set('to', looked.to);
  appendValues(told, board.variables.filter((variable) => {
    const now = looked.values[variable.name];
    return !variable.hidden && (now.length !== variable.default.length || now.some((v, i) => v !== variable.default[i]));
  }), looked);
  return told.toString();
}

/** What a panel's question is asked with. */
export function questionOf(board, looked) {
  const told = new URLSearchParams({ from: fromOf(board, looked), to: toOf(board, looked) });
  appendValues(told, board.variables.filter((variable) => !variable.hidden), looked);
  return told.toString();
}

/** Where the period begins: as chosen, else at the first event if the dashboard knows it. */
export function fromOf(board, looked) {
  return looked.from ?? looked.values.first_event?.[0] ?? board.since;
}

/** Where it ends: as chosen, else behind the last event if the dashboard knows one after now. */
export function toOf(board, looked) {
  return looked.to ?? looked.values.last_event?.[0] ?? board.until;
}

function appendValues(told, variables, looked) {
  for (const variable of variables) {
    for (const value of looked.values[variable.name]) told.append(`var-${variable.name}`, value);
  }
}
