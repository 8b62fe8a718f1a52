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
