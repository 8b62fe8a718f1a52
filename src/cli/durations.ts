/** Lengths of time, as people write and read them. */

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `250`, `250ms`, `1.5s`, `3m`, `2h` → milliseconds; `undefined` for anything else, and for zero. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(text.trim());
  if (match === null) return undefined;
  const durationMs = Number(match[1]) * (unitsMs[match[2] ?? 'ms'] as number);
  return durationMs > 0 && Number.isFinite(durationMs) ? durationMs : undefined;
}

/** `80 µs`, `0.4 ms`, `12 ms`, `3.2 s`, `2 m 05 s`, `1 h 02 m`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 0.0995) return `${Math.round(durationMs * 1000)} µs`;
  if (durationMs < 10) return `${durationMs.toFixed(1)} ms`;
  if (durationMs < 999.5) return `${Math.round(durationMs)} ms`;
  if (durationMs < 59_950) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${twoDigits(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} m`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
