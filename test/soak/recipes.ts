/** What can be submitted, and what must come of it when nobody interferes. */

import { strict as assert } from 'node:assert';
import type { TaskOptions } from 'concurrent-futures';
import type { KindName } from '../matrix/axes.js';
import * as tasks from './fixtures/tasks.js';
import type { Random } from './random.js';

export interface Order {
  readonly fn: (...args: never[]) => unknown;
  readonly args: readonly unknown[];
  readonly options?: TaskOptions;
  readonly expected: Expected;
  /** A task that notes no start, since it is a built-in or never begins. */
  readonly isUnmarked?: boolean;
}

type Expected =
  | { readonly kind: 'value'; check(value: unknown): void }
  | { readonly kind: 'error'; readonly code: string; check?(error: Record<string, unknown>): void }
  /** It never ends by itself: somebody has to stop it. */
  | { readonly kind: 'never' };

export interface Recipe {
  readonly name: string;
  readonly weight: number;
  readonly on: readonly KindName[];
  /** Small enough to be submitted by the hundred. */
  readonly isTiny?: boolean;
  /** In a worker with little memory it would run out of it by right. */
  readonly isLarge?: boolean;
  make(mark: string, random: Random): Order;
}

const everywhere: readonly KindName[] = ['inline', 'thread', 'process'];
const pooled: readonly KindName[] = ['thread', 'process'];
const unbounded = 120_000;

const value = (wanted: unknown): Expected => ({
  kind: 'value',
  check: (given) => assert.deepEqual(given, wanted),
});
const error = (code: string, fields: Record<string, unknown> = {}): Expected => ({
  kind: 'error',
  code,
  check(given) {
    for (const [name, wanted] of Object.entries(fields)) assert.deepEqual(given[name], wanted, name);
  },
});

function richValue(random: Random): unknown {
  const cyclic: Record<string, unknown> = { when: new Date(random.int(0, 1e12)), big: 2n ** 70n };
  cyclic['self'] = cyclic;
  return [new Map([[random.int(0, 9), new Set(['a', 'b'])]]), cyclic, /pattern/g, 'ä'.repeat(random.int(0, 300)), -0];
}

export const recipes: readonly Recipe[] = [
  {
    name: 'echo',
    weight: 10,
    on: everywhere,
    isTiny: true,
    make: (mark) => ({ fn: tasks.echo, args: [mark, mark], expected: value(mark) }),
  },
  {
    name: 'echo of many types',
    weight: 5,
    on: everywhere,
    isTiny: true,
    make(mark, random) {
      const rich = richValue(random);
      return { fn: tasks.echo, args: [mark, rich], expected: value(rich) };
    },
  },
  {
    name: 'closure',
    weight: 5,
    on: everywhere,
    isTiny: true,
    make(mark, random) {
      const captured = { factor: random.int(1, 9), rows: [1, 2, 3] };
      const { begin } = tasks;
      const fn = (own: string): number[] => {
        begin(own);
        return captured.rows.map((row) => row * captured.factor);
      };
      return { fn, args: [mark], expected: value(captured.rows.map((row) => row * captured.factor)) };
    },
  },
  {
    name: 'built-in',
    weight: 2,
    on: everywhere,
    isTiny: true,
    make: () => ({ fn: Math.max, args: [3, 8, 5], expected: value(8), isUnmarked: true }),
  },
  {
    name: 'asynchronous',
    weight: 6,
    on: everywhere,
    make: (mark, random) => ({ fn: tasks.echoLater, args: [mark, mark, random.int(0, 30)], expected: value(mark) }),
  },
  {
    name: 'busy',
    weight: 5,
    on: everywhere,
    make: (mark, random) => ({ fn: tasks.echoBusy, args: [mark, mark, random.int(0, 12)], expected: value(mark) }),
  },
  {
    name: 'with a timeout that it keeps',
    weight: 4,
    on: everywhere,
    isTiny: true,
    make: (mark) => ({
      fn: tasks.echo,
      args: [mark, 1],
      options: { timeout: unbounded, onReport: () => {} },
      expected: value(1),
    }),
  },
  {
    name: 'report',
    weight: 2,
    on: everywhere,
    make: (mark) => ({ fn: tasks.report, args: [mark, 3], options: { onReport: () => {} }, expected: value(3) }),
  },
  {
    name: 'large argument',
    weight: 2,
    on: everywhere,
    isLarge: true,
    make(mark, random) {
      const size = random.int(1, 2_000_000);
      return { fn: tasks.measure, args: [mark, new Uint8Array(size).fill(7)], expected: value([size, 7, 7]) };
    },
  },
  {
    name: 'large text',
    weight: 1,
    on: everywhere,
    isLarge: true,
    make(mark, random) {
      const text = 'x'.repeat(random.int(1, 1_000_000));
      return { fn: tasks.echo, args: [mark, text], expected: value(text) };
    },
  },
  {
    name: 'large result',
    weight: 2,
    on: everywhere,
    isLarge: true,
    make(mark, random) {
      const size = random.int(1, 2_000_000);
      return { fn: tasks.makeBytes, args: [mark, size, 5], expected: value(new Uint8Array(size).fill(5)) };
    },
  },
  {
    name: 'transfer',
    weight: 3,
    on: everywhere,
    isLarge: true,
    make(mark, random) {
      const size = random.int(1, 300_000);
      const bytes = new Uint8Array(size).fill(9);
      const options = { transfer: [bytes.buffer] };
      return { fn: tasks.measure, args: [mark, bytes], options, expected: value([size, 9, 9]) };
    },
  },
  {
    name: 'throw',
    weight: 4,
    on: everywhere,
    isTiny: true,
    make: (mark) => ({
      fn: tasks.fail,
      args: [mark, mark],
      expected: error('', { name: 'RangeError', message: mark, rows: 3 }),
    }),
  },
  {
    name: 'reject',
    weight: 3,
    on: everywhere,
    make: (mark) => ({
      fn: tasks.failLater,
      args: [mark, mark],
      expected: error('', { name: 'RangeError', message: mark, rows: 3 }),
    }),
  },
  {
    name: 'result that can not be copied',
    weight: 2,
    on: everywhere,
    make: (mark) => ({
      fn: tasks.giveUncopyable,
      args: [mark],
      expected: error('NOT_SERIALIZABLE', { path: 'result.rows[0]' }),
    }),
  },
  {
    name: 'argument that can not be copied',
    weight: 1,
    on: everywhere,
    make: (mark) => ({
      fn: tasks.echo,
      args: [mark, { rows: [() => {}] }],
      expected: error('NOT_SERIALIZABLE', { path: 'args[1].rows[0]' }),
      isUnmarked: true,
    }),
  },
  {
    name: 'retries',
    weight: 3,
    on: everywhere,
    make(mark, random) {
      const [times, allowed] = [random.int(0, 3), random.int(1, 3)];
      return {
        fn: tasks.failAtFirst,
        args: [mark, times, 'throw'],
        options: { retries: { times: allowed, backoff: random.int(0, 20) } },
        expected: times <= allowed ? value(times + 1) : error('', { message: `attempt ${allowed + 1}` }),
      };
    },
  },
  {
    name: 'retries after exits',
    weight: 1,
    on: pooled,
    make(mark, random) {
      const [times, allowed] = [random.int(1, 4), random.int(1, 4)];
      // Whatever is allowed, the third worker is the last that it costs.
      const isEnough = times <= allowed && times < 3;
      return {
        fn: tasks.failAtFirst,
        args: [mark, times, 'exit'],
        options: { retries: allowed },
        expected: isEnough ? value(times + 1) : error('WORKER_LOST', { exitCode: 7 }),
      };
    },
  },
  {
    name: 'exit',
    weight: 2,
    on: pooled,
    make(mark, random) {
      const exitCode = random.int(0, 9);
      return { fn: tasks.exit, args: [mark, exitCode], expected: error('WORKER_LOST', { exitCode, signal: null }) };
    },
  },
  ...(['SIGKILL', 'SIGSEGV'] as const).map(
    (signal): Recipe => ({
      name: signal,
      weight: 1,
      on: ['process'],
      make: (mark) => ({
        fn: tasks.signalMyself,
        args: [mark, signal],
        expected: error('WORKER_LOST', { exitCode: null, signal }),
      }),
    }),
  ),
  {
    name: 'SIGSTOP',
    weight: 0.5,
    on: ['process'],
    make: (mark) => ({
      fn: tasks.signalMyself,
      args: [mark, 'SIGSTOP'],
      options: { timeout: 100 },
      expected: error('TIMEOUT'),
    }),
  },
  {
    name: 'endless loop',
    weight: 0.7,
    on: pooled,
    make: (mark, random) => ({
      fn: tasks.loop,
      args: [mark],
      options: { timeout: random.int(1, 200) },
      expected: error('TIMEOUT'),
    }),
  },
  {
    name: 'asynchronous without end',
    weight: 1.5,
    on: everywhere,
    make: (mark, random) => ({
      fn: tasks.hang,
      args: [mark, random.chance(0.7)],
      options: { timeout: random.int(1, 200) },
      expected: error('TIMEOUT'),
    }),
  },
  {
    name: 'without end and limit',
    weight: 2,
    on: everywhere,
    make: (mark, random) => ({ fn: tasks.hang, args: [mark, random.chance(0.7)], expected: { kind: 'never' } }),
  },
  {
    name: 'loop without limit',
    weight: 0.4,
    on: pooled,
    make: (mark) => ({ fn: tasks.loop, args: [mark], expected: { kind: 'never' } }),
  },
  {
    name: 'late throw',
    weight: 0.7,
    on: pooled,
    make: (mark, random) => ({ fn: tasks.leaveThrowing, args: [mark, 4, random.int(0, 30)], expected: value(4) }),
  },
  {
    name: 'throw in its timer',
    weight: 0.7,
    on: pooled,
    make: (mark) => ({ fn: tasks.throwInTimer, args: [mark], expected: error('WORKER_LOST') }),
  },
  {
    name: 'executor in a task',
    weight: 0.4,
    on: pooled,
    isLarge: true,
    make: (mark) => ({ fn: tasks.nest, args: [mark, 2], expected: value(['inner', 2]) }),
  },
];

/** Only where workers have little memory, since it takes a second to fill much. */
export const outOfMemory: Recipe = {
  name: 'out of memory',
  weight: 2,
  on: pooled,
  make: (mark) => ({
    fn: tasks.runOutOfMemory,
    args: [mark],
    expected: error('WORKER_LOST', { outOfMemory: true }),
  }),
};
