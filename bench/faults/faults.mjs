/**
 * The faults, and what is right for each: `value` says whether a result is, `error` what must be found in the error's name, message
 * and fields. Where both are given, either is right. `stallMs`: how long nothing may move before it counts as hung, if not 5 seconds.
 */

import { isHugeValue } from './tasks.mjs';

const done = (value) => value === 'done';

export const faults = [
  { id: 'throw', label: 'throws', error: /fault: thrown/ },
  { id: 'reject', label: 'rejects', error: /fault: rejected/ },
  { id: 'exit-0', label: '`process.exit(0)`', error: /(exit|code)\D{0,24}\b0\b/i },
  { id: 'exit-3', label: '`process.exit(3)`', error: /(exit|code)\D{0,24}\b3\b/i },
  { id: 'abort', label: '`process.abort()`', error: /abrt|abort|\b134\b/i },
  { id: 'kill', label: 'SIGKILL to itself', error: /SIGKILL|\b137\b/, kinds: ['process'] },
  { id: 'memory', label: 'out of memory', error: /memory|heap/i, heapMb: 48 },
  { id: 'endless', label: 'endless loop, with a time limit', error: /time|abort|cancel/i, timeLimitMs: 1000 },
  { id: 'late', label: 'throws in a timer after its end', value: done, error: /fault: late/, isStray: true },
  { id: 'floating', label: 'leaves a rejection behind', value: done, error: /fault: floating/, isStray: true },
  { id: 'result-function', label: 'returns an object with a function', error: /clone|copied|serial|function/i },
  { id: 'error-function', label: 'throws an error with a function', error: /fault: error with a function/ },
  { id: 'error-symbol', label: 'throws an error caused by a symbol', error: /fault: error with a symbol/ },
  { id: 'thrown-function', label: 'throws a function', error: /function|thrown/i },
  { id: 'huge', label: 'returns 200 MB', value: isHugeValue, stallMs: 9000 },
];
