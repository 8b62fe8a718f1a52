/** The timeline of the page: a row for each worker, a bar for each task. The picture is whole without a script; one adds zoom and keys. */

import { formatDuration } from '../durations.js';
import { type Html, html } from './html.js';
import { plural, shareText, wholeNumber } from './numbers.js';
import { ticks } from './ticks.js';
import type { Pause } from './time-axis.js';
import type { Bar, Lane, Stretch, TimelineView } from './timeline.js';

/** Units along the time: a viewBox stretches them to whatever width there is. */
const unitsWide = 100_000;
const ticksMax = 6;

export function timelineHtml(view: TimelineView, pauses: readonly Pause[]): Html {
  if (view.lanes.length === 0) return html`<p>No task was started.</p>`;
  const endMs = Math.max(view.endMs, 0.001);
  const height = rowHeight(view.lanes.length);
  const toUnits = (ms: number): string => ((ms / endMs) * unitsWide).toFixed(1);
  const bars = view.lanes.reduce((sum, lane) => sum + lane.bars.length, 0);
  return html`
<div class="keys">
  <span class="key"><i class="ok"></i>succeeded</span>
  <span class="key"><i class="bad"></i>failed</span>
  ${view.together > 0 && html`<span class="key"><i class="many"></i>many short tasks</span>`}
  <span class="zoom" role="group" aria-label="Zoom of the timeline" hidden>
    <button type="button" data-zoom="out" aria-label="Zoom out">−</button>
    <button type="button" data-zoom="in" aria-label="Zoom in">+</button>
    <button type="button" data-zoom="all">All</button>
  </span>
</div>
<div class="timeline" style="--row:${height}px">
  <div class="workers" aria-hidden="true">${view.lanes.map(({ worker }) => html`<span>worker ${worker}</span>`)}</div>
  <div class="plot">
    <div class="ticks" aria-hidden="true">${tickMarks(endMs)}</div>
    <svg id="timeline" tabindex="0" role="application" aria-label="${outline(view, bars)}" aria-describedby="timeline-help"
      viewBox="0 0 ${unitsWide} ${height * view.lanes.length}" preserveAspectRatio="none" height="${height * view.lanes.length}"
      data-end="${endMs}" data-units="${unitsWide}">
      ${view.lanes.map((lane, row) => laneSvg(lane, row * height, height, toUnits))}
      ${pauses.map(({ atMs, lengthMs }) => html`<rect class="pause" x="${toUnits(atMs)}" y="0" width="0" height="${height * view.lanes.length}" data-t="${`resumed here, after ${formatDuration(lengthMs)}`}"/>`)}
    </svg>
  </div>
</div>
<p class="note" id="timeline-help">Hover over a task, or focus the timeline and move with the arrow keys; <kbd>+</kbd>, <kbd>−</kbd> and <kbd>0</kbd> or Ctrl and the wheel zoom, dragging moves.</p>
${view.together > 0 && html`<p class="note" id="together">${bars === 0 ? 'No task has a bar of its own.' : `Only ${bars === 1 ? 'the longest task has' : `the ${wholeNumber(bars)} longest tasks have`} a bar each.`} ${bars === 0 ? 'All' : 'The other'} ${wholeNumber(view.together)}, none longer than ${formatDuration(view.togetherMaxMs)}, are drawn together: the fuller the shade, the busier the worker.</p>`}
${pauses.length > 0 && html`<p class="note">The run was resumed ${plural(pauses.length, 'time')} (dashed lines); the time in between is left out.</p>`}
<details class="more"><summary>The workers as a table</summary>${workerTable(view.lanes, endMs)}</details>`;
}

function rowHeight(lanes: number): number {
  if (lanes <= 8) return 28;
  return lanes <= 24 ? 20 : 12;
}

function outline({ lanes, endMs }: TimelineView, bars: number): string {
  return `Timeline of ${plural(lanes.length, 'worker')} over ${formatDuration(endMs)}, with ${plural(bars, 'task')} shown`;
}

function tickMarks(endMs: number): Html[] {
  return ticks(0, endMs, ticksMax).map(({ ms, label }) => {
    return html`<i style="left:${((ms / endMs) * 100).toFixed(3)}%"><b>${label}</b></i>`;
  });
}

function laneSvg({ worker, bars, stretches }: Lane, y: number, height: number, toUnits: (ms: number) => string): Html {
  const gap = height > 16 ? 4 : 2;
  const [top, tall] = [y + gap, height - 2 * gap];
  return html`<g>${stretches.map((stretch) => stretchSvg(stretch, worker, top, tall, toUnits))}${bars.map(
    (bar, place) => {
      const failed = bar.status === 'failed';
      // What failed stands out by its height as well as by its colour; neighbours differ in shade.
      const [from, size] = failed ? [y + 1, height - 2] : [top, tall];
      const kind = failed ? 'bar bad' : place % 2 === 0 ? 'bar ok' : 'bar ok odd';
      return html`<rect class="${kind}" x="${toUnits(bar.startMs)}" y="${from}" width="${toUnits(bar.endMs - bar.startMs)}" height="${size}" data-t="${barText(bar, worker)}"/>`;
    },
  )}</g>`;
}

function barText({ label, ms, startMs, status, attempts }: Bar, worker: number): string {
  const tries = attempts > 1 ? `, attempt ${attempts}` : '';
  const outcome = status === 'ok' ? 'succeeded' : 'failed';
  return `${label}\n${outcome} after ${formatDuration(ms)}${tries}\nfrom ${formatDuration(startMs)} on, worker ${worker}`;
}

function stretchSvg(
  { startMs, endMs, tasks, failed, busy }: Stretch,
  worker: number,
  y: number,
  height: number,
  toUnits: (ms: number) => string,
): Html {
  const failures = failed > 0 ? `, ${wholeNumber(failed)} failed` : '';
  const text = `${plural(tasks, 'short task')}${failures}\nbusy with them for ${shareText(busy)} of the time\n${formatDuration(startMs)} to ${formatDuration(endMs)}, worker ${worker}`;
  const [x, width] = [toUnits(startMs), toUnits(endMs - startMs)];
  return html`<rect class="many" x="${x}" y="${y}" width="${width}" height="${height}" fill-opacity="${(0.15 + 0.85 * busy).toFixed(2)}" data-t="${text}"/>${
    failed > 0 &&
    html`<rect class="many bad" x="${x}" y="${y + height - 3}" width="${width}" height="3" data-t="${text}"/>`
  }`;
}

function workerTable(lanes: readonly Lane[], endMs: number): Html {
  return html`<div class="scroll" tabindex="0"><table><thead><tr><th scope="col">worker</th><th scope="col" class="n">tasks</th><th scope="col" class="n">time in tasks</th><th scope="col" class="n">busy</th></tr></thead><tbody>${lanes.map(
    ({ worker, tasks, busyMs }) => html`
<tr><th scope="row">${worker}</th><td class="n">${wholeNumber(tasks)}</td><td class="n">${formatDuration(busyMs)}</td><td class="n">${shareText(Math.min(1, busyMs / endMs))}</td></tr>`,
  )}</tbody></table></div>`;
}
