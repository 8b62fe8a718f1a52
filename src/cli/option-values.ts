/** What options take, each checked by itself. */

import { InvalidArgumentError } from 'commander';
import { parseDuration } from './durations.js';
import { type Limit, parseBytes, parseLimit } from './units.js';

/** `<n>` for a whole number that is not less than `least`. */
export function wholeNumberFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && Number.isSafeInteger(value)) return value;
    throw new InvalidArgumentError(`It must be a whole number, ${least} or more.`);
  };
}

export function duration(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs !== undefined) return durationMs;
  throw new InvalidArgumentError('It must be a length of time above zero, like 250ms, 30s, 3m or 1h.');
}

/** No time at all is a grace, too. */
export function grace(text: string): number {
  return /^0+ *(ms|s|m|h)?$/.test(text.trim()) ? 0 : duration(text);
}

export function limit(text: string): Limit {
  const parsed = parseLimit(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError('It must be a whole number or a percentage, like 10 or 5%.');
}

export function workers(text: string): Limit | 'auto' {
  if (text === 'auto') return text;
  const parsed = parseLimit(text);
  if (parsed !== undefined && !('count' in parsed && parsed.count === 0)) return parsed;
  throw new InvalidArgumentError('It must be a whole number from 1, a percentage of the cores like 50%, or auto.');
}

export function bytes(text: string): number {
  const parsed = parseBytes(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError('It must be an amount of memory, like 512M or 2G.');
}
