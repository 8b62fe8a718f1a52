/** Stretches of a worker's time. */

export interface Span {
  startMs: number;
  endMs: number;
}

/**
 * Lays out what one worker has done, one after the other. The outcomes of short tasks are seen in batches, so that all of a
 * batch seem to end at once; a worker runs one at a time, so that each has ended by the start of the next.
 *
 * @param spans in the order of their ends; they are changed
 * @param floorMs nothing starts before
 */
export function layOut(spans: readonly Span[], floorMs: number): void {
  let nextMs = Number.POSITIVE_INFINITY;
  for (let place = spans.length - 1; place >= 0; place -= 1) {
    const span = spans[place] as Span;
    const lengthMs = span.endMs - span.startMs;
    span.endMs = Math.min(span.endMs, nextMs);
    span.startMs = span.endMs - lengthMs;
    nextMs = span.startMs;
  }
  // Clocks are not that exact: what does not fit after the floor is moved on, as long as it took.
  let lastMs = floorMs;
  for (const span of spans) {
    if (span.startMs >= lastMs) return;
    // Not by adding what it is moved by: that may round to an end before its start.
    const lengthMs = span.endMs - span.startMs;
    span.startMs = lastMs;
    span.endMs = lastMs + lengthMs;
    lastMs = span.endMs;
  }
}
