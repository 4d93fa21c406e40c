// What a dashboard says of a column: its title, unit, colours, links. And a value as it is shown.

import { colour } from './theme.js';
import { time, written } from './units.js';

/** A column's properties: those of all fields, overridden by name. */
export function fieldOf(panel, column) {
  const own = panel.overrides[column.name] ?? {};
  const found = { ...panel.fields, ...own };
  return {
    name: column.name,
    type: column.type,
    title: own.displayName ?? column.name,
    unit: found.unit,
    decimals: found.decimals,
    noValue: found.noValue ?? '–',
    links: found.links ?? [],
    mappings: found.mappings ?? [],
    thresholds: found.thresholds?.steps ?? [],
    fixed: found.color?.mode === 'fixed' ? found.color.fixedColor : null,
    byThresholds: found.color?.mode === 'thresholds',
    width: own['custom.width'] ?? null,
    cell: own['custom.cellOptions']?.type ?? 'auto',
    // Prose: text that shares what columns of a given width leave.
    wraps: column.type === 'text' && !own['custom.width'] && !found.links,
  };
}

/** A value's text, and its colour if it has one of its own. */
export function shown(field, value, currency) {
  if (value === null) return { text: field.noValue, colour: null };
  const mapped = mappedBy(field.mappings, value);
  return {
    text: mapped?.text ?? textOf(field, value, currency),
    colour: mapped?.color ? colour(mapped.color) : null,
  };
}

/** The colour that the thresholds give a number. */
export function thresholdColour(field, value) {
  const number = Number(value);
  let found = null;
  for (const step of field.thresholds) {
    if (step.value === null || number >= step.value) found = step.color;
  }
  return found === null ? null : colour(found);
}

function textOf(field, value, currency) {
  switch (field.type) {
    case 'time': return time(value);
    case 'bool': return value ? 'yes' : 'no';
    case 'number': return written(value, field.unit, field.decimals, currency);
    default: return value;
  }
}

function mappedBy(mappings, value) {
  for (const mapping of mappings) {
    if (mapping.type === 'value') {
      if (Object.hasOwn(mapping.options, String(value))) return mapping.options[String(value)];
    } else if ((mapping.options.from ?? -Infinity) <= value && value <= (mapping.options.to ?? Infinity)) {
      return mapping.options.result;
    }
  }
  return null;
}
