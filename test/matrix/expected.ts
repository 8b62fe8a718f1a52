/** What must follow from each fault in each place: how its future settles, with which cause, and what becomes of the worker. */

import {
  BrokenExecutorError,
  type ExecutorError,
  NotSerializableError,
  TimeoutError,
  WorkerLostError,
} from 'concurrent-futures';
import { type Cell, ends, type Fault, fallsDueLater, type Place, sticks } from './axes.js';
import { AccessibleError } from './fixtures/accessible-error.js';
import { hugeBytes } from './fixtures/deeds.js';
import { fineValue } from './fixtures/fine-value.js';

/** Facts that an error must have. */
export interface Facts {
  readonly is: abstract new (...args: never[]) => Error;
  /** Said in its message, its cause's, or the last words on standard error. */
  readonly says?: RegExp;
  /** Own fields, compared deeply; a pattern is matched. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly cause?: Facts;
}

export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  /** Too large to compare: its size, and its place in the result. */
  | { readonly kind: 'bytes'; readonly at: readonly string[]; readonly size: number }
  | { readonly kind: 'error'; readonly facts: Facts };

export interface Expected {
  /** How the future of the task with the fault settles; when the executor breaks, so do all the others. */
  readonly outcome: Outcome;
  readonly breaks: boolean;
  /** Something is left behind that falls due when the test says so, or by itself, when the worker has nothing to do. */
  readonly leftOver?: 'triggered' | 'at once';
  /** Process warnings of a worker that died of what a finished task left behind. */
  readonly reports: 0 | 1;
}

const isRangeError = (fault: Fault): Facts => ({ is: RangeError, says: new RegExp(`^fault: ${fault}`) });

/** What a fault looks like that is caught where it happens. */
const caught: Partial<Record<Fault, Facts>> = {
  throw: isRangeError('throw'),
  reject: isRangeError('reject'),
  'uncopyable error': {
    ...isRangeError('uncopyable error'),
    fields: { rows: 3, retry: /not copied/, hostile: /fault: getter/ },
  },
  'thrown function': { is: NotSerializableError, says: /culprit/, fields: { path: /^thrown/ } },
};

/** How a worker is lost, by what ended it. */
const lost: Partial<Record<Fault, Readonly<Record<string, unknown>>>> = {
  'exit 0': { exitCode: 0, signal: null, outOfMemory: false },
  'exit 3': { exitCode: 3, signal: null, outOfMemory: false },
  abort: { exitCode: null, signal: 'SIGABRT', outOfMemory: false },
  SIGKILL: { exitCode: null, signal: 'SIGKILL', outOfMemory: false },
  'out of memory': { outOfMemory: true },
  'late throw': { exitCode: 1, signal: null, outOfMemory: false },
  'floating rejection': { exitCode: 1, signal: null, outOfMemory: false },
};

const own = (is: typeof ExecutorError, more: Omit<Facts, 'is'> = {}): Facts => ({ is: is as Facts['is'], ...more });

function lostTo(fault: Fault): Facts {
  const facts = { is: WorkerLostError as Facts['is'], fields: lost[fault] ?? {} };
  return fallsDueLater.has(fault) ? { ...facts, says: new RegExp(`fault: ${fault}`) } : facts;
}

const fails = (facts: Facts): Expected => ({ outcome: { kind: 'error', facts }, breaks: false, reports: 0 });
const gives = (outcome: Outcome): Expected => ({ outcome, breaks: false, reports: 0 });
const breaksWith = (cause: Facts): Expected => ({
  outcome: { kind: 'error', facts: own(BrokenExecutorError, { cause }) },
  breaks: true,
  reports: 0,
});

/** What a task without a fault gives. */
export const fineOutcome = (index: number): Outcome => ({ kind: 'value', value: fineValue(index) });

const byPlace: Readonly<Record<Place, (cell: Cell) => Expected>> = {
  initializer({ fault, shape }) {
    if (ends.has(fault) || fault === 'floating rejection') return breaksWith(lostTo(fault));
    if (sticks.has(fault)) return breaksWith(own(TimeoutError, { says: /startupTimeout/ }));
    const thrown = caught[fault];
    if (thrown !== undefined) return breaksWith(thrown);
    // What an initializer returns is nobody's.
    const expected = gives(fineOutcome(shape.faulty));
    return fault === 'late throw' ? { ...expected, leftOver: 'triggered', reports: 1 } : expected;
  },

  'decoding arguments'({ fault, shape }) {
    if (fault === 'uncopyable result') return fails(refused(/^args\[0\]/));
    if (fault === 'getter that throws') return fails(refused(/^args\[0\]\.total/, isRangeError(fault)));
    if (fault === 'huge value') return gives({ kind: 'value', value: hugeBytes });
    if (sticks.has(fault)) return fails(own(TimeoutError, { says: /startupTimeout/ }));
    if (fault === 'late throw') return { ...gives(fineOutcome(shape.faulty)), leftOver: 'triggered', reports: 1 };
    return fails(caught[fault] ?? lostTo(fault));
  },

  run({ fault }) {
    if (fault === 'uncopyable result') return fails(refused(/^result/));
    if (fault === 'getter that throws') return fails(refused(/^result\.total/, isRangeError(fault)));
    if (fault === 'huge value') return gives({ kind: 'bytes', at: [], size: hugeBytes });
    if (sticks.has(fault)) return fails(own(TimeoutError, { says: /its timeout/ }));
    return fails(caught[fault] ?? lostTo(fault));
  },

  'encoding result'({ fault }) {
    const path = /^result\.rows\[0\]\.total/;
    if (fault === 'reject') return fails(isRangeError(fault));
    if (fault === 'uncopyable result') return fails(refused(path));
    if (fault === 'getter that throws') return fails(refused(path, isRangeError(fault)));
    if (fault === 'huge value') return gives({ kind: 'bytes', at: ['rows', '0', 'total'], size: hugeBytes });
    if (sticks.has(fault)) return fails(own(TimeoutError, { says: /its timeout/ }));
    const value = { rows: [{ total: undefined }] };
    if (fault === 'late throw') return { ...gives({ kind: 'value', value }), leftOver: 'triggered', reports: 1 };
    if (fault === 'floating rejection') return { ...gives({ kind: 'value', value }), leftOver: 'at once', reports: 1 };
    const thrown = caught[fault];
    return fails(thrown === undefined ? lostTo(fault) : refused(path, thrown));
  },

  // Nothing of the class runs where the outcome is decoded: whatever it would do there, the error arrives.
  'decoding result'({ fault }) {
    const fields = { rows: [1, 2], ...(fault === 'uncopyable error' && { retry: /not copied/ }) };
    return fails({ is: AccessibleError, says: new RegExp(`^${fault} x*$`), fields });
  },

  idle({ fault, shape }) {
    const expected = { ...gives(fineOutcome(shape.faulty)), leftOver: 'triggered' } as const;
    // Who ends its worker without an error has said what is to be said; a signal comes from whoever sent it.
    return fault === 'exit 0' || fault === 'SIGKILL' ? expected : { ...expected, reports: 1 };
  },
};

export function expectedOf(cell: Cell): Expected {
  return byPlace[cell.place](cell);
}

function refused(path: RegExp, cause?: Facts): Facts {
  return own(NotSerializableError, { fields: { path }, ...(cause && { cause }) });
}
