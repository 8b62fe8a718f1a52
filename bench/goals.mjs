/** What was measured, held against the goals. */

import { pairedRatio, summarize } from './statistics.mjs';

/**
 * One line per measurement of a row: `{ label, isOurs, series, summary, ratio, goal, isMet, remark }`.
 *
 * A peer's goal is about ours ÷ it, and one of ours about the value itself. With several metrics, the first one has the goal.
 * `isJudged`: whether it is asked if goals are met.
 */
export function linesOf(row, measured, isJudged = true) {
  const isGoverned = ({ metric }) => metric === (row.metrics?.[0] ?? '');
  return measured.map((measurement) => {
    const { contender, runs, missing, failure } = measurement;
    const ours = contender.isOurs ? undefined : oursBeside(measurement, measured);
    const summary = runs.length === 0 ? undefined : summarize(runs);
    const ratio = ours === undefined ? undefined : pairedRatio(ours.runs, runs);
    const goal = isGoverned(measurement) ? contender.goal : undefined;
    const judged = contender.isOurs ? summary?.median : ratio;
    return {
      label: contender.label,
      isOurs: contender.isOurs === true,
      series: seriesOf(measurement),
      summary,
      ratio,
      goal,
      isMet: goal === undefined || judged === undefined || !isJudged ? undefined : meets(judged, goal),
      remark: missing ?? (failure === undefined ? undefined : 'failed'),
    };
  });
}

export function seriesOf({ variant, metric }) {
  return [variant, metric].filter((part) => part !== '').join(', ');
}

function oursBeside({ variant, metric }, measured) {
  return measured.find((other) => other.contender.isOurs && other.variant === variant && other.metric === metric);
}

function meets(value, { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY }) {
  return value >= atLeast && value <= atMost;
}
