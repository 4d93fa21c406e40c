// Numbers and times as people read them; units are named as Grafana names them.

const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const SPANS = [[86_400, 'd'], [3_600, 'h'], [60, 'min'], [1, 's'], [1e-3, 'ms'], [1e-6, 'µs']];

/** A number (or the digits of one that is too long for one) in its unit. */
export function written(value, unit, decimals, currency) {
  if (typeof value === 'string') return /^-?\d+$/.test(value) && unit === 'locale' ? BigInt(value).toLocaleString('en') : value;
  switch (unit) {
    case 'currencyUSD': return money(value, decimals ?? 2, currency);
    case 'percentunit': return `${digits(value * 100, decimals ?? 1)} %`;
    case 'percent': return `${digits(value, decimals ?? 1)} %`;
    case 'bytes': return bytes(value, decimals ?? 1);
    case 's': return duration(value, decimals);
    case 'ms': return duration(value / 1000, decimals);
    case 'cps': case 'reqps': return `${digits(value, decimals, 1)}/s`;
    case 'short': return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: decimals ?? 1 }).format(value);
    case 'bool': return value ? 'yes' : 'no';
    case 'dateTimeAsIso': return time(value);
    case 'locale': return digits(value, decimals);
    case 'none': case 'string': case undefined: return digits(value, decimals, 3, false);
    default: throw new Error(`no such unit: ${unit}`);
  }
}

/** A moment, in UTC, to the second. */
export function time(ms) {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

function digits(value, decimals, most = 3, useGrouping = true) {
  return value.toLocaleString('en', {
    minimumFractionDigits: decimals ?? 0, maximumFractionDigits: decimals ?? most, useGrouping,
  });
}

function money(value, decimals, currency) {
  const shown = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  try {
    return value.toLocaleString('en', { style: 'currency', currency, ...shown });
  } catch { // what a shop counts in need not be a currency of ISO 4217
    return `${digits(value, decimals)} ${currency}`;
  }
}

function bytes(value, decimals) {
  const size = Math.abs(value) < 1 ? 0 : Math.min(BYTES.length - 1, Math.floor(Math.log2(Math.abs(value)) / 10));
  return `${digits(value / 1024 ** size, size === 0 ? 0 : decimals)} ${BYTES[size]}`;
}

function duration(seconds, decimals) {
  const [size, name] = SPANS.find(([least]) => Math.abs(seconds) >= least) ?? (seconds === 0 ? [1, 's'] : SPANS.at(-1));
  return `${digits(seconds / size, decimals, 1)} ${name}`;
}
