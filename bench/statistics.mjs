/** What a handful of measurements come to. */

/** The value below which that part (0 to 1) of the values lies. */
export function percentile(values, part) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}

/** The middle of the runs, and how far they spread. */
export function summarize(runs) {
  return { median: percentile(runs, 0.5), min: Math.min(...runs), max: Math.max(...runs) };
}

/** Ours ÷ theirs, run by run: two runs side by side met the same machine, even if it got slower meanwhile. The median of these. */
export function pairedRatio(ours, theirs) {
  const ratios = ours.slice(0, theirs.length).map((value, run) => value / theirs[run]);
  return ratios.length === 0 ? undefined : percentile(ratios, 0.5);
}

/** When the last task ends if each, in this order, goes to the worker that is free first. */
export function listSchedule(durations, workers) {
  const freeAt = new Float64Array(workers);
  for (const duration of durations) freeAt[freeAt.indexOf(Math.min(...freeAt))] += duration;
  return Math.max(...freeAt);
}
