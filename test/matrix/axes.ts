/** The four axes of the matrix, and which of its cells make sense. */

import type { Kind } from '../contract/executors.js';

/** What goes wrong; what each does is in fixtures/deeds.js. */
export const faults = [
  'throw',
  'reject',
  'exit 0',
  'exit 3',
  'abort',
  'SIGKILL',
  'SIGSTOP',
  'out of memory',
  'endless loop',
  'late throw',
  'floating rejection',
  'uncopyable result',
  'uncopyable error',
  'thrown function',
  'getter that throws',
  'huge value',
] as const;

/** Where it goes wrong; how it is made to happen there is in places.ts. */
export const places = [
  'initializer',
  'decoding arguments',
  'run',
  'encoding result',
  'decoding result',
  'idle',
] as const;

export const kinds = ['inline', 'thread', 'process'] as const satisfies readonly Kind['name'][];

export type Fault = (typeof faults)[number];
export type Place = (typeof places)[number];
export type KindName = (typeof kinds)[number];

/** Among what it goes wrong. */
export interface Shape {
  readonly name: '1 worker' | '4 workers' | 'a batch of 100';
  readonly maxWorkers: number;
  readonly tasks: number;
  /** Which of the tasks has the fault. */
  readonly faulty: number;
}

export const shapes: readonly Shape[] = [
  { name: '1 worker', maxWorkers: 1, tasks: 3, faulty: 1 },
  { name: '4 workers', maxWorkers: 4, tasks: 12, faulty: 2 },
  { name: 'a batch of 100', maxWorkers: 2, tasks: 100, faulty: 50 },
];

export interface Cell {
  readonly kind: KindName;
  readonly fault: Fault;
  readonly place: Place;
  readonly shape: Shape;
}

export const ends = new Set<Fault>(['exit 0', 'exit 3', 'abort', 'SIGKILL', 'out of memory']);
export const sticks = new Set<Fault>(['SIGSTOP', 'endless loop']);
export const fallsDueLater = new Set<Fault>(['late throw', 'floating rejection']);
const sparesNoThread = new Set<Fault>(['abort', 'SIGKILL', 'SIGSTOP']);
const isOnlyEncoded = new Set<Fault>(['uncopyable result', 'getter that throws', 'huge value']);

/** Why a cell makes no sense, in words; `undefined` for those that do. */
export function whySenseless({ kind, fault, place, shape }: Cell): string | undefined {
  if (place === 'decoding result') {
    if (fault === 'uncopyable result') return 'it is refused where it is encoded, and never decoded';
    if (fault === 'thrown function') return 'it is refused where it is encoded, and never decoded';
  }
  if (place === 'idle' && isOnlyEncoded.has(fault)) return 'a worker that has nothing to do encodes nothing';
  if (kind === 'inline') return whySenselessInline(fault, place, shape);
  // Where results are decoded is the program's own thread, whatever the workers are.
  if (kind === 'thread' && sparesNoThread.has(fault) && place !== 'decoding result')
    return 'it hits the whole process, and a thread is a part of it';
  return undefined;
}

function whySenselessInline(fault: Fault, place: Place, shape: Shape): string | undefined {
  if (place === 'decoding result' && fault === 'reject')
    return "in this thread the error is encoded, too, and a rejection that this makes is the program's";
  if (shape.name === '4 workers') return 'an inline executor is one worker';
  if (place === 'initializer') return 'an inline executor has no initializer';
  if (place === 'idle') return 'what the program does while the executor is idle is its own affair';
  if (ends.has(fault) || sticks.has(fault) || fallsDueLater.has(fault))
    return 'an inline task is in the program itself, which it hits';
  return undefined;
}

/** All cells of one executor, those without sense included, in a fixed order. */
export function cellsOf(kind: KindName): Cell[] {
  return places.flatMap((place) => faults.flatMap((fault) => shapes.map((shape) => ({ kind, fault, place, shape }))));
}

export function titleOf({ kind, fault, place, shape }: Cell): string {
  return `[${kind}, ${shape.name}] ${fault}, ${place}`;
}
