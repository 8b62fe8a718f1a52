/** The histogram of the page: how long tasks took, on a logarithmic scale. */

import { formatDuration } from '../durations.js';
import type { Tally } from '../tally.js';
import { type Html, html } from './html.js';
import type { LatencyBin } from './latencies.js';
import { plural, wholeNumber } from './numbers.js';

const percents = [50, 90, 99] as const;

export function histogramHtml(bins: readonly LatencyBin[], tally: Tally): Html {
  const [first, last] = [bins[0], bins.at(-1)];
  if (first === undefined || last === undefined) return html`<p>No task ran for a known time.</p>`;
  const most = Math.max(...bins.map(({ ok, failed }) => ok + failed));
  const [from, to] = [Math.log10(first.fromMs), Math.log10(last.toMs)];
  const place = (ms: number): number => Math.max(0, Math.min(1, (Math.log10(ms) - from) / (to - from))) * 100;
  const marks = percents.map((percent) => ({ name: `p${percent}`, ms: tally.percentileMs(percent) ?? 0 }));
  return html`
<dl class="percentiles">${[...marks, { name: 'max', ms: tally.maxMs }].map(
    ({ name, ms }) => html`<div><dt>${name}</dt><dd>${formatDuration(ms)}</dd></div>`,
  )}</dl>
<div class="histogram" role="img" aria-label="${`Histogram of ${plural(tally.timed, 'task')}: half took at most ${formatDuration(tally.percentileMs(50) ?? 0)}; the table below has its numbers`}">
  <div class="scale" aria-hidden="true"><span>${wholeNumber(most)}</span><span>0</span></div>
  <div class="bins">${bins.map((bin) => binHtml(bin, most))}${marks.map(
    ({ name, ms }, row) =>
      html`<i class="mark row${row}${left(place(ms))}" style="left:${place(ms).toFixed(2)}%" data-t="${`${name}: ${formatDuration(ms)}`}"><b>${name}</b></i>`,
  )}</div>
  <div class="decades" aria-hidden="true">${edges(bins).map(
    (ms) => html`<i class="${left(place(ms))}" style="left:${place(ms).toFixed(2)}%"><b>${formatDuration(ms)}</b></i>`,
  )}</div>
</div>
<details class="more"><summary>The histogram as a table</summary><div class="scroll" tabindex="0"><table><thead><tr><th scope="col" class="n">from</th><th scope="col" class="n">to</th><th scope="col" class="n">succeeded</th><th scope="col" class="n">failed</th></tr></thead><tbody>${bins.map(
    ({ fromMs, toMs, ok, failed }) => html`
<tr><td class="n">${formatDuration(fromMs)}</td><td class="n">${formatDuration(toMs)}</td><td class="n">${wholeNumber(ok)}</td><td class="n">${wholeNumber(failed)}</td></tr>`,
  )}</tbody></table></div></details>`;
}

/** Near the right edge, a label stands on the left of its line. */
function left(place: number): string {
  return place > 88 ? ' left' : '';
}

function binHtml({ fromMs, toMs, ok, failed }: LatencyBin, most: number): Html {
  const text = `${formatDuration(fromMs)} to ${formatDuration(toMs)}\n${plural(ok + failed, 'task')}${failed > 0 ? `, ${wholeNumber(failed)} failed` : ''}`;
  const share = (count: number): string => ((count / most) * 100).toFixed(2);
  return html`<span class="bin" data-t="${text}">${failed > 0 && html`<i class="bad" style="height:${share(failed)}%"></i>`}${ok > 0 && html`<i class="ok" style="height:${share(ok)}%"></i>`}</span>`;
}

/** The powers of ten within, or where there are none, both ends. */
function edges(bins: readonly LatencyBin[]): number[] {
  const [leastMs, mostMs] = [bins[0]?.fromMs ?? 1, bins.at(-1)?.toMs ?? 1];
  const powers: number[] = [];
  for (let power = Math.ceil(Math.log10(leastMs) - 1e-9); 10 ** power <= mostMs * (1 + 1e-9); power += 1)
    powers.push(10 ** power);
  return powers.length >= 2 ? powers : [leastMs, mostMs];
}
