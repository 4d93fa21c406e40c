// How something goes over time: stacked bars, or lines; dragging over a stretch looks at it alone.

import { axis, draw, numberAxis, plain } from './chart.js';
import { fieldOf, shown } from './fields.js';
import { colour, colourAt } from './theme.js';
import { written } from './units.js';

const FIRST_SHOP_MS = Date.UTC(1990, 0, 1);
const FEWEST_BARS = 40;

export async function drawOverTime(body, { panel, answer, board, look }) {
  const series = seriesOf(panel, answer, board.currency);
  const { drawStyle = 'line', stacking } = panel.fields.custom ?? {};
  const isStacked = stacking?.mode === 'normal';
  const range = rangeOf(answer);
  const make = drawStyle === 'bars' ? bars(series, range) : lines(panel);
  const [least, most] = extent(series, isStacked);
  const { unit, decimals } = panel.fields;
  await draw(body, series.map(make), {
    barmode: isStacked ? 'stack' : 'group',
    hovermode: 'x unified',
    showlegend: series.length > 1 && panel.options.legend?.showLegend !== false,
    xaxis: axis({
      type: 'date', range, fixedrange: false, showgrid: false, nticks: Math.max(3, Math.floor(body.clientWidth / 110)),
      hoverformat: '%Y-%m-%d %H:%M:%S', uirevision: range.join(), showline: true, automargin: true,
    }),
    yaxis: numberAxis({
      least: panel.fields.min ?? Math.min(0, least), most: panel.fields.max ?? most, unit,
      text: (value) => written(value, unit, ticksDecimals(unit, decimals, most), board.currency),
    }),
    margin: { l: 8, r: 16, t: 10, b: series.length > 1 ? 46 : 28 },
  });
  body.removeAllListeners('plotly_relayout');
  body.on('plotly_relayout', (change) => {
    const [from, to] = ['xaxis.range[0]', 'xaxis.range[1]'].map((end) => momentOf(change[end]));
    if (from !== null && to !== null) look({ from: String(Math.floor(from)), to: String(Math.ceil(to)) });
  });
}

/** The series of an answer: a number column each, or one for each name in a column of texts. */
export function seriesOf(panel, answer, currency) {
  const [when, ...others] = answer.columns;
  const name = others.findIndex((column) => column.type === 'text');
  const rows = answer.rows.filter((row) => row[0] !== null);
  if (name === -1) {
    return others.map((column, index) => oneSeries(panel, column, index, rows.map((row) => [row[0], row[index + 1]]), currency));
  }
  const number = others.findIndex((column) => column.type === 'number');
  const named = Map.groupBy(rows, (row) => String(row[name + 1]));
  return [...named].map(([title, own], index) =>
    oneSeries(panel, { name: title, type: 'number' }, index, own.map((row) => [row[0], row[number + 1]]), currency));
}

function oneSeries(panel, column, index, points, currency) {
  const field = fieldOf(panel, column);
  return {
    title: field.title,
    colour: field.fixed ? colour(field.fixed) : colourAt(index),
    xs: points.map(([x]) => x),
    ys: points.map(([, y]) => (y === null ? null : Number(y))),
    texts: points.map(([, y]) => plain(shown(field, y, currency).text)),
  };
}

function traceOf(series) {
  return {
    x: series.xs, y: series.ys, customdata: series.texts, name: plain(series.title),
    hovertemplate: '%{customdata}',
  };
}

function bars(series, [from, to]) {
  const width = barWidth(series.flatMap(({ xs }) => xs), to - from);
  return (each) => ({
    ...traceOf(each), type: 'bar', offset: 0, width: width * 0.92,
    marker: { color: each.colour, line: { width: 0 } },
  });
}

/** As long as the shortest stretch between two bars: they begin where their stretch of time does. */
function barWidth(xs, range) {
  const moments = [...new Set(xs)].sort((a, b) => a - b);
  const gaps = moments.slice(1).map((x, index) => x - moments[index]);
  return Math.min(range / FEWEST_BARS, ...gaps);
}

function lines(panel) {
  const { lineWidth = 2, fillOpacity = 0 } = panel.fields.custom ?? {};
  return (each) => ({
    ...traceOf(each), type: 'scatter', mode: each.xs.length < 60 ? 'lines+markers' : 'lines',
    line: { color: each.colour, width: lineWidth }, marker: { size: 5, color: each.colour },
    fill: fillOpacity && each.ys.length ? 'tozeroy' : 'none', fillcolor: transparent(each.colour, fillOpacity / 100),
    connectgaps: false, cliponaxis: false,
  });
}

function transparent(hex, share) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${r},${g},${b},${share})`;
}

function rangeOf(answer) {
  const { from_ms: from, to_ms: to, rows } = answer;
  return [from < FIRST_SHOP_MS && rows.length ? rows[0][0] : from, to];
}

function extent(series, isStacked) {
  const sums = new Map();
  for (const { xs, ys } of series) {
    xs.forEach((x, index) => sums.set(x, [...(sums.get(x) ?? []), ys[index] ?? 0]));
  }
  const tops = [...sums.values()].map((ys) => (isStacked ? ys.reduce((a, b) => a + b, 0) : Math.max(...ys)));
  const lows = series.flatMap(({ ys }) => ys.map((y) => y ?? 0));
  const reduced = (values, pick) => values.reduce((a, b) => pick(a, b), 0);
  return [reduced(lows, Math.min), reduced(tops, Math.max) || 1];
}

function ticksDecimals(unit, decimals, most) {
  if (unit === 'percentunit') return most < 0.05 ? 1 : 0;
  if (unit === 'currencyUSD') return most < 10 ? 2 : 0;
  if (unit === 'none') return undefined;
  return decimals;
}

function momentOf(text) {
  if (text === undefined) return null;
  const ms = typeof text === 'number' ? text : Date.parse(`${text.replace(' ', 'T')}Z`);
  return Number.isNaN(ms) ? null : ms;
}

export { ticksDecimals };
