/** The speed-ups as a bar chart: SVG text, without a library; it takes the reader's light or dark colours. */

import { contenders } from './contenders.mjs';

const width = 900;
const labelWidth = 250;
const valueWidth = 60;
const barHeight = 13;
const barGap = 2;
const groupGap = 14;
const top = 84;

const style = `
  .ground { fill: #ffffff; stroke: #d0d7de; }
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .value { font-size: 11px; }
  .mark { stroke: #6e7781; stroke-dasharray: 3 3; }
  .bar-0 { fill: #d9731a; } .bar-1 { fill: #f2b179; } .bar-2 { fill: #9ab8d8; } .bar-3 { fill: #4a7fb5; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #30363d; }
    text { fill: #e6edf3; }
    .mark { stroke: #8b949e; }
    .bar-0 { fill: #f0923e; } .bar-1 { fill: #94541c; } .bar-2 { fill: #35597d; } .bar-3 { fill: #6aa3dc; }
  }`;

const pools = contenders.filter(({ id }) => id !== 'loop');

/** @param measured profiles with their rows, as `summarizeProfile` gives them. */
export function workChart(measured, cores) {
  const speedUpsOf = ({ rows }) => pools.map(({ id }) => rows.find((row) => row.id === id).speedUp);
  const groups = measured.map((each) => ({ title: each.profile.title, speedUps: speedUpsOf(each) }));
  const max = Math.max(cores, ...groups.flatMap(({ speedUps }) => speedUps.map(({ median }) => median)));
  const scale = (width - labelWidth - valueWidth) / max;
  const groupHeight = pools.length * (barHeight + barGap) + groupGap;
  const height = top + groups.length * groupHeight + 8;
  const title = `Speed-up over a plain loop on ${cores} cores`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">`,
    `<style>${style}\n</style>`,
    `<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    `<text class="title" x="16" y="28">${title}</text>`,
    ...pools.map(({ label }, i) => legend(label, i)),
    mark(1, 'loop', scale, height),
    mark(cores, 'perfect', scale, height),
    ...groups.map((group, i) => bars(group, top + i * groupHeight, scale)),
    '</svg>',
    '',
  ].join('\n');
}

function legend(label, i) {
  const x = 16 + i * 190;
  return `<rect class="bar-${i}" x="${x}" y="40" width="12" height="12"/><text class="value" x="${x + 18}" y="50">${label}</text>`;
}

/** A dashed line across all bars. */
function mark(value, label, scale, height) {
  const x = (labelWidth + value * scale).toFixed(1);
  return `<line class="mark" x1="${x}" x2="${x}" y1="${top - 8}" y2="${height - 10}"/><text class="value" text-anchor="middle" x="${x}" y="${top - 12}">${label}</text>`;
}

function bars({ title, speedUps }, y, scale) {
  const middle = y + (speedUps.length * (barHeight + barGap)) / 2 + 3;
  const drawn = speedUps.map(({ median }, i) => {
    const barY = y + i * (barHeight + barGap);
    const length = Math.max(1, median * scale).toFixed(1);
    return (
      `<rect class="bar-${i}" x="${labelWidth}" y="${barY}" width="${length}" height="${barHeight}" rx="2"/>` +
      `<text class="value" x="${(labelWidth + Number(length) + 6).toFixed(1)}" y="${barY + 10}">${median.toFixed(2)} ×</text>`
    );
  });
  return `<text x="16" y="${middle}">${title}</text>${drawn.join('')}`;
}
