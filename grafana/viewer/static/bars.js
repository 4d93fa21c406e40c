// Who or what has most: a bar a row, in the answer's order; a click follows the link.

import { axis, draw, numberAxis, plain, shortened } from './chart.js';
import { fieldOf, shown, thresholdColour } from './fields.js';
import { addressOf } from './links.js';
import { ticksDecimals } from './over_time.js';
import { colour, colourAt, styled } from './theme.js';
import { written } from './units.js';

const THICKEST_PX = 30;
const LETTER_PX = 7;
const LONGEST_SHARE = 0.4;
// The library encodes an address that is encoded already once more, so it is told afterwards.
const LATER = '/dashboards';

export async function drawBars(body, context) {
  const { panel, answer, board } = context;
  const { orientation = 'horizontal', stacking = 'none', xField, legend } = panel.options;
  const isUpright = orientation === 'vertical';
  const isStacked = stacking === 'normal';
  const isLogarithmic = panel.fields.custom?.scaleDistribution?.type === 'log';
  const label = Math.max(0, answer.columns.findIndex(({ name }) => name === xField));
  const fields = answer.columns.map((column) => fieldOf(panel, column));
  const numbers = fields.map((field, at) => ({ field, at })).filter(({ field }) => field.type === 'number');
  const places = answer.rows.map((_, place) => place);
  const labels = answer.rows.map((row) => shown(fields[label], row[label], board.currency).text);
  const links = answer.rows.map((row) => linkOf(context, fields, row));

  const { unit, decimals } = panel.fields;
  const [least, most] = extent(answer.rows, numbers, isStacked);
  const isInside = isStacked && numbers.length > 1;
  const across = (body.clientWidth * (isUpright ? 1 : 1 - LONGEST_SHARE)) / (isUpright ? places.length : most);
  const fits = (text, value) => {
    const width = text.length * LETTER_PX;
    return isUpright ? width < across : !isInside || width + 8 < value * across;
  };

  const traces = numbers.map(({ field, at }, index) => {
    const values = answer.rows.map((row) => (row[at] === null ? null : Number(row[at])));
    const texts = answer.rows.map((row) => plain(shown(field, row[at], board.currency).text));
    const own = field.fixed ? colour(field.fixed) : colourAt(index);
    return {
      type: 'bar', orientation: isUpright ? 'v' : 'h', name: plain(field.title),
      x: isUpright ? places : values, y: isUpright ? values : places,
      marker: { color: field.byThresholds ? values.map((value) => thresholdColour(field, value) ?? own) : own, line: { width: 0 } },
      customdata: labels.map((text, place) => [plain(text), texts[place]]),
      hovertemplate: `%{customdata[0]}<br>${plain(field.title)}: %{customdata[1]}<extra></extra>`,
      text: texts.map((text, place) => (fits(text, values[place]) ? text : '')),
      textposition: isInside ? 'inside' : 'outside', insidetextanchor: 'end', textangle: 0,
      insidetextfont: { color: styled('--raised') }, outsidetextfont: { color: colour('text') },
      constraintext: 'none', cliponaxis: false,
    };
  });
  const valueAxis = numberAxis({
    least: panel.fields.min ?? least, most: panel.fields.max ?? most, unit, isLogarithmic,
    text: (value) => written(value, unit, ticksDecimals(unit, decimals, most), board.currency),
  });
  const labelled = labelAxis(body, labels, links, panel.options.xTickLabelMaxLength || 24, isUpright);
  const hasLegend = legend?.showLegend !== false && numbers.length > 1;
  await draw(body, traces, {
    barmode: isStacked ? 'stack' : 'group', bargap: gap(body, places.length, isUpright),
    hovermode: 'closest', dragmode: false, showlegend: hasLegend, uniformtext: { mode: 'hide', minsize: 10 },
    xaxis: isUpright ? labelled : valueAxis, yaxis: isUpright ? valueAxis : labelled,
    margin: { l: 8, r: isInside || isUpright ? 16 : 48, t: isUpright ? 16 : 8, b: hasLegend ? 42 : 24 },
  });
  follow(body, links);
}

/** Places as ticks: two labels that are shortened to the same text stay two bars. */
function labelAxis(body, labels, links, longest, isUpright) {
  const room = Math.floor((body.clientWidth * LONGEST_SHARE) / LETTER_PX);
  const most = isUpright ? longest : Math.max(6, Math.min(longest, room));
  const texts = labels.map((text, place) => {
    const short = plain(shortened(text, most));
    return links[place] ? `<a href="${LATER}" target="_self">${short}</a>` : short;
  });
  // Upright ones stay upright: where there is no room for each label, some are left out.
  const longestText = Math.max(1, ...labels.map((text) => Math.min(most, text.length)));
  const every = isUpright ? Math.ceil((labels.length * (longestText + 1) * LETTER_PX) / body.clientWidth) : 1;
  const ticks = texts.map((_, place) => place).filter((place) => place % every === 0);
  const ends = [-0.5, labels.length - 0.5];
  return axis({
    type: 'linear', tickmode: 'array', tickvals: ticks, ticktext: ticks.map((place) => texts[place]), tickangle: 0,
    range: isUpright ? ends : ends.toReversed(), showgrid: false, ticklabelstandoff: 6,
  });
}

function linkOf({ board, looked }, fields, row) {
  const named = Object.fromEntries(fields.map((field, at) => [field.name, row[at]]));
  const link = fields.flatMap((field) => field.links)[0];
  return link ? addressOf(link.url, { board, looked, row: named, value: row[0] }) : null;
}

function follow(body, links) {
  for (const anchor of body.querySelectorAll('.xtick a, .ytick a')) {
    anchor.setAttributeNS('http://www.w3.org/1999/xlink', 'href', links[anchor.closest('.xtick, .ytick').__data__.x]);
  }
  body.removeAllListeners('plotly_click');
  body.on('plotly_click', ({ points }) => {
    const link = links[points[0].pointNumber];
    if (link) location.assign(link);
  });
  body.classList.toggle('leads', links.some(Boolean));
}

function gap(body, bars, isUpright) {
  const room = (isUpright ? body.clientWidth : body.clientHeight - 60) / Math.max(1, bars);
  return Math.max(isUpright ? 0.12 : 0.28, 1 - THICKEST_PX * (isUpright ? 3 : 1) / room);
}

function extent(rows, numbers, isStacked) {
  const each = rows.map((row) => numbers.map(({ at }) => Number(row[at] ?? 0)));
  const tops = each.map((values) => (isStacked ? values.reduce((a, b) => a + b, 0) : Math.max(...values)));
  return [Math.min(0, ...each.flat()), Math.max(0, ...tops) || 1];
}
