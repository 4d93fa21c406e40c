// What all charts have: how they are drawn, axes with ticks in their unit, text that stays text.

/* global Plotly */
import { colour, styled } from './theme.js';

const CONFIG = { displayModeBar: false, doubleClick: false, responsive: false, scrollZoom: false };
const FINE_POINTER = matchMedia('(pointer: fine)');
const STEPS = [1, 2, 5, 10];
const TICKS = 5;

/** Text of the data for a chart, which reads a few tags and entities as HTML does. */
export function plain(text) {
  return String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A text that has room, with an ellipsis where it was cut. */
export function shortened(text, most) {
  const letters = [...String(text)];
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : String(text);
}

/** Draw, or bring an earlier drawing up to date. */
export async function draw(body, traces, layout) {
  const { clientWidth: width, clientHeight: height } = body;
  if (width === 0 || height === 0) return;
  await Plotly.react(body, traces, { ...base(), ...layout, width, height }, CONFIG);
}

export function remove(body) {
  if (body.classList.contains('js-plotly-plot')) Plotly.purge(body);
  body.replaceChildren();
}

function base() {
  return {
    autosize: false,
    paper_bgcolor: 'transparent',
    plot_bgcolor: 'transparent',
    font: { family: styled('--font'), size: 12, color: styled('--muted') },
    margin: { l: 8, r: 12, t: 8, b: 8 },
    dragmode: FINE_POINTER.matches ? 'zoom' : false,
    hoverlabel: {
      bgcolor: styled('--raised'), bordercolor: styled('--line'), align: 'left',
      font: { family: styled('--font'), size: 12, color: colour('text') },
      namelength: -1,
    },
    legend: {
      orientation: 'h', x: 0.01, xanchor: 'left', xref: 'container', y: 0, yanchor: 'bottom', yref: 'container',
      traceorder: 'normal', itemwidth: 30,
      font: { color: colour('text') }, itemsizing: 'constant',
    },
    uirevision: 'what the reader hides stays hidden',
  };
}

/** An axis without ticks yet. */
export function axis(more = {}) {
  return {
    automargin: true, fixedrange: true, zeroline: false, showline: false, ticks: '',
    gridcolor: styled('--grid'), linecolor: styled('--line'), title: { text: '' }, ...more,
  };
}

/** An axis of numbers from `least` to `most`, its ticks written by `text`. */
export function numberAxis({ least, most, text, unit, isLogarithmic = false }) {
  const ticks = isLogarithmic ? powersOfTen(most) : evenTicks(least, most, unit);
  const top = Math.max(ticks.at(-1), most);
  const range = isLogarithmic ? [Math.log10(0.7), Math.log10(top * 1.3)] : [ticks[0], top + (top - ticks[0]) * 0.04];
  return axis({
    type: isLogarithmic ? 'log' : 'linear',
    range, tickmode: 'array', tickvals: ticks, ticktext: ticks.map((value) => plain(text(value))),
  });
}

function powersOfTen(most) {
  const powers = Math.max(1, Math.ceil(Math.log10(Math.max(most, 1))));
  return Array.from({ length: powers + 1 }, (_, power) => 10 ** power);
}

function evenTicks(least, most, unit) {
  const span = most - least || 1;
  const rough = span / TICKS;
  const base = unit === 'bytes' ? 1024 ** Math.max(0, Math.floor(Math.log2(rough) / 10)) : 1;
  const power = 10 ** Math.floor(Math.log10(rough / base)) * base;
  let step = STEPS.map((factor) => factor * power).find((size) => size >= rough) ?? 10 * power;
  if (unit === 'locale') step = Math.max(1, step); // nobody counts in halves
  const first = Math.floor(least / step);
  const last = Math.ceil((most - 1e-9 * span) / step);
  return Array.from({ length: last - first + 1 }, (_, n) => Number(((first + n) * step).toPrecision(12)));
}
