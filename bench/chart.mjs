/** A bar chart as SVG text, without a library; it takes the reader's light or dark colours. */

const width = 900;
const labelWidth = 340;
const valueWidth = 90;
const legendWidth = 130;
const barHeight = 15;
const barGap = 3;
const groupGap = 12;
const top = 64;

const style = `
  .ground { fill: #ffffff; stroke: #d0d7de; }
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .ours { font-weight: 600; }
  .bar-0 { fill: #9ab8d8; } .bar-1 { fill: #4a7fb5; } .bar-2 { fill: #2f5a86; } .bar-3 { fill: #1c3a5a; }
  .ours.bar-0 { fill: #f2b179; } .ours.bar-1 { fill: #d9731a; } .ours.bar-2 { fill: #a9540c; } .ours.bar-3 { fill: #753a08; }
  .value { font-size: 11px; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #30363d; }
    text { fill: #e6edf3; }
    .bar-0 { fill: #35597d; } .bar-1 { fill: #6aa3dc; } .bar-2 { fill: #9cc6f0; } .bar-3 { fill: #d0e5fa; }
    .ours.bar-0 { fill: #94541c; } .ours.bar-1 { fill: #f0923e; } .ours.bar-2 { fill: #f7b87f; } .ours.bar-3 { fill: #fbdcc0; }
  }`;

/**
 * @param series the names of up to four series, in the order of the values; one without a name needs no legend.
 * @param rows `{ label, isOurs, values }`, one value per series; a missing one leaves its bar out.
 * @param format a value as text.
 */
export function barChart({ title, series, rows, format = (value) => Math.round(value).toLocaleString('en') }) {
  const values = rows.flatMap((row) => row.values.filter((value) => value !== undefined));
  const max = values.length === 0 ? 1 : Math.max(...values);
  const rowHeight = series.length * (barHeight + barGap) + groupGap;
  const height = top + rows.length * rowHeight + 12;
  const scale = (width - labelWidth - valueWidth) / max;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${style}\n</style>`,
    `<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`,
    `<text class="title" x="16" y="28">${escapeXml(title)}</text>`,
    ...series.map((name, i) => (name === '' ? '' : legend(name, i))),
    ...rows.map((row, i) => bars(row, top + i * rowHeight, scale, format)),
    '</svg>',
    '',
  ].join('\n');
}

function legend(name, i) {
  const x = labelWidth + i * legendWidth;
  return `<rect class="bar-${i}" x="${x}" y="40" width="12" height="12"/><text class="value" x="${x + 18}" y="50">${escapeXml(name)}</text>`;
}

function bars({ label, isOurs, values }, y, scale, format) {
  const ours = isOurs ? 'ours ' : '';
  const middle = y + (values.length * (barHeight + barGap)) / 2 + 3;
  const drawn = values.map((value, i) => {
    if (value === undefined) return '';
    const barY = y + i * (barHeight + barGap);
    const length = Math.max(1, value * scale).toFixed(1);
    return (
      `<rect class="${ours}bar-${i}" x="${labelWidth}" y="${barY}" width="${length}" height="${barHeight}" rx="2"/>` +
      `<text class="value" x="${(labelWidth + Number(length) + 6).toFixed(1)}" y="${barY + 12}">${escapeXml(format(value))}</text>`
    );
  });
  return `<text class="${ours}label" x="${labelWidth - 10}" y="${middle}" text-anchor="end">${escapeXml(label)}</text>${drawn.join('')}`;
}

function escapeXml(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
