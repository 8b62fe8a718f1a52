/** The page about a run: one file that needs no other, for a browser that need not be asked to run anything but our own script. */

import { createHash } from 'node:crypto';
import css from 'page-part:page.css';
import script from 'page-part:page-script.ts';
import { formatDuration } from '../durations.js';
import { userFrames } from '../failure-title.js';
import { formatRate } from '../progress/facts.js';
import type { FailureGroup, Tally } from '../tally.js';
import type { RunDescription } from './about.js';
import { histogramHtml } from './histogram-html.js';
import { Html, html } from './html.js';
import type { LatencyBin } from './latencies.js';
import { plural, shareText, wholeNumber } from './numbers.js';
import type { Pause } from './time-axis.js';
import type { TimelineView } from './timeline.js';
import { timelineHtml } from './timeline-html.js';
import { workerNumber } from './worker-number.js';

export interface PageFacts {
  readonly run: RunDescription;
  readonly tally: Tally;
  readonly timeline: TimelineView;
  readonly bins: readonly LatencyBin[];
  readonly pauses: readonly Pause[];
  /** How the run ended: `inputs over` when it is complete. */
  readonly ended: string;
  /** `undefined` where nobody knows. */
  readonly notStarted: number | undefined;
}

const groupsShownMax = 100;
const framesShownMax = 5;

export function pageText(facts: PageFacts): string {
  const { run, tally, timeline, bins, pauses } = facts;
  // Only this very script may run, and nothing may be loaded: what a task's text might contain stays text.
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${run.module} – futures report</title>
<style>${new Html(css)}</style>
</head>
<body>
<a class="skip" href="#timeline-section">Skip to the timeline</a>
<header>
  <h1>${run.module}</h1>
  <p>${endedHtml(facts)} <time datetime="${isoTime(run.startedAt)}">${readableTime(run.startedAt)}</time></p>
</header>
<main>
${tilesHtml(facts)}
<section aria-labelledby="timeline-section"><h2 id="timeline-section">Timeline</h2>${timelineHtml(timeline, pauses)}</section>
<section aria-labelledby="latency-section"><h2 id="latency-section">Time per task</h2>${histogramHtml(bins, tally)}</section>
<section aria-labelledby="failures-section"><h2 id="failures-section">Failures</h2>${failuresHtml(tally, run.cwd)}</section>
<section aria-labelledby="slowest-section"><h2 id="slowest-section">Slowest tasks</h2>${slowestHtml(tally)}</section>
<section aria-labelledby="about-section"><h2 id="about-section">What was run</h2>
<dl class="facts"><div><dt>module</dt><dd>${run.module}</dd></div>${run.facts.map(([name, text]) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl></section>
</main>
<footer>Written by <code>futures</code>.</footer>
<div id="tip" role="status" hidden></div>
<script>${new Html(script)}</script>
</body>
</html>
`.text;
}

function endedHtml({ ended, tally }: PageFacts): Html {
  if (ended !== 'inputs over') return html`<strong class="state warn">${ended}</strong>`;
  return tally.failed > 0
    ? html`<strong class="state warn">complete, with failures</strong>`
    : html`<strong class="state good">complete</strong>`;
}

function tilesHtml({ tally, notStarted, timeline }: PageFacts): Html {
  const { done, succeeded, failed, earlier, elapsedMs } = tally;
  const busyMs = timeline.lanes.reduce((sum, lane) => sum + lane.busyMs, 0);
  const busy = busyMs / (timeline.lanes.length * Math.max(timeline.endMs, 0.001) || 1);
  const tiles: [name: string, value: string, kind?: string][] = [
    [done === 1 ? 'task done' : 'tasks done', wholeNumber(done)],
    ['succeeded', wholeNumber(succeeded)],
    ['failed', wholeNumber(failed), failed > 0 ? 'bad' : ''],
    ...(notStarted === 0
      ? []
      : [['not started', notStarted === undefined ? 'the rest' : wholeNumber(notStarted)] as [string, string]]),
    ...(earlier > 0 ? [['by an earlier run', wholeNumber(earlier)] as [string, string]] : []),
    [earlier > 0 ? 'in this run' : 'in all', formatDuration(elapsedMs)],
    ...(done > earlier ? [['tasks per second', rateText(tally.perSecond)] as [string, string]] : []),
    [
      `${timeline.lanes.length === 1 ? 'worker' : 'workers'}, busy ${shareText(Math.min(1, busy))}`,
      wholeNumber(timeline.lanes.length),
    ],
  ];
  return html`<dl class="tiles">${tiles.map(
    ([name, value, kind = '']) => html`<div class="${kind}"><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}

function rateText(perSecond: number): string {
  return perSecond >= 100 ? wholeNumber(Math.round(perSecond)) : formatRate(perSecond);
}

function failuresHtml(tally: Tally, cwd: string): Html {
  const groups = tally.failureGroups();
  if (groups.length === 0) return html`<p>None.</p>`;
  const hidden = groups.slice(groupsShownMax).reduce((sum, { count }) => sum + count, tally.otherFailures);
  return html`${groups.slice(0, groupsShownMax).map((group, place) => groupHtml(group, place === 0, cwd))}${hidden > 0 && html`<p>And ${wholeNumber(hidden)} more, with other messages.</p>`}`;
}

function groupHtml({ title, count, stack, inputs }: FailureGroup, isOpen: boolean, cwd: string): Html {
  const frames = userFrames(stack, cwd, framesShownMax);
  return html`
<details class="failure"${isOpen && html` open`}><summary><span class="count">${wholeNumber(count)} ×</span> <span class="title">${title}</span></summary>
${frames.length > 0 && html`<pre>${frames.join('\n')}</pre>`}
<p>${count > inputs.length ? `The first ${inputs.length} of ${plural(count, 'input')}:` : `${plural(count, 'input')}:`}</p>
<ul class="inputs">${inputs.map((label) => html`<li><code>${label}</code></li>`)}</ul>
${stack !== undefined && html`<details class="more"><summary>The whole stack of the first</summary><pre>${stack}</pre></details>`}
</details>`;
}

function slowestHtml(tally: Tally): Html {
  const tasks = tally.slowest();
  if (tasks.length === 0) return html`<p>None.</p>`;
  return html`<div class="scroll" tabindex="0"><table><thead><tr><th scope="col" class="n">time</th><th scope="col">task</th><th scope="col">outcome</th><th scope="col" class="n">attempts</th><th scope="col" class="n">worker</th></tr></thead><tbody>${tasks.map(
    ({ ms, label, status, attempts, worker }) => html`
<tr><td class="n">${formatDuration(ms)}</td><td><code>${label}</code></td><td class="${status === 'failed' ? 'bad' : ''}">${status === 'failed' ? 'failed' : 'succeeded'}</td><td class="n">${attempts}</td><td class="n">${worker === undefined ? '–' : workerNumber(worker)}</td></tr>`,
  )}</tbody></table></div>`;
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}

/** In the zone of the machine that it ran on. */
function readableTime(time: number): string {
  return new Date(time).toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'long' });
}
