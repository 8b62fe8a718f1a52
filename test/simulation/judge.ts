/** What must hold after any run, whatever went wrong in it. */

import {
  BrokenExecutorError,
  CancelledError,
  NotSerializableError,
  ShutdownError,
  TimeoutError,
  WorkerLostError,
} from '../../src/errors.js';
import { type Future, outcomeOf } from '../../src/future/future.js';
import type { Played } from './play.js';
import type { Script, TaskScript } from './script.js';

/** A task that was submitted, or refused. */
export interface Submitted {
  readonly script: TaskScript;
  future: Future<unknown> | undefined;
  /** What `submit` threw. */
  refusal: unknown;
  /** Whether its program's attempt to stop it did so, and how often it had been started by then. */
  stopped: { readonly isStopped: boolean; readonly startsBefore: number } | undefined;
}

export function faultsOf(played: Played): string[] {
  return [
    ...played.submitted.flatMap((entry) =>
      faultsOfTask(entry, played).map((fault) => `${entry.script.name}: ${fault}`),
    ),
    ...faultsOfMaps(played),
    ...faultsOfEnd(played),
  ];
}

function faultsOfTask(entry: Submitted, played: Played): string[] {
  const { script, future, refusal, stopped } = entry;
  const { retries, name } = script;
  if (future === undefined) {
    const isLate = refusal instanceof ShutdownError && script.at >= played.script.shutdown.at;
    return isLate || isBroken(refusal, played) ? [] : [`was refused with ${show(refusal)}`];
  }
  const outcome = outcomeOf(future);
  if (outcome === undefined) return ['is not settled, and the executor is shut down'];
  const found: string[] = [];
  const starts = played.starts.get(name) ?? 0;
  if (starts > retries + 1) found.push(`was started ${starts} times, with ${retries} retries`);
  const attempts = future.stats?.attempts ?? 0;
  if (starts !== attempts) found.push(`was started ${starts} times, and says ${attempts}`);
  if (stopped?.isStopped && starts > stopped.startsBefore) found.push('was started after it had been stopped');
  if (stopped?.isStopped && script.stop?.how === 'cancel' && starts > retries) found.push('ran, and cancel() was true');
  if (outcome.ok) {
    if (outcome.value !== name) found.push(`gave ${outcome.value}`);
    if (starts === 0) found.push('gave a value and was never started');
    if (lossesOf(name, played).length > 0 && retries === 0) found.push('gave a value, and its worker had died');
    if (script.does === 'failsOnce' && starts < 2) found.push('gave a value in its first run');
  } else if (!isTrueCause(outcome.reason, entry, played)) found.push(`failed with ${show(outcome.reason)}`);
  return found;
}

/** Whether the task's own script, or a fault that really hit it, explains the error. */
function isTrueCause(error: unknown, { script, stopped }: Submitted, played: Played): boolean {
  const { name, does, retries, timeout, stop } = script;
  const { shutdown } = played.script;
  if (error instanceof RangeError)
    return (does === 'throws' || (does === 'failsOnce' && retries === 0)) && error.message === name;
  if (error instanceof TimeoutError) return timeout !== undefined;
  if (error instanceof WorkerLostError) {
    const losses = lossesOf(name, played);
    const last = losses.at(-1);
    if (last?.exit.exitCode !== error.exitCode || last.exit.signal !== error.signal) return false;
    return error.attempt > retries || losses.length >= 3;
  }
  if (error instanceof CancelledError) {
    return (
      stopped?.isStopped === true || stop?.how === 'abort' || shutdown.cancelFutures || shutdown.timeout !== undefined
    );
  }
  if (error instanceof NotSerializableError) return played.chronicle.refused.includes(name);
  return isBroken(error, played);
}

/** Whether workers really could not start. */
function isBroken(error: unknown, { chronicle }: Played): boolean {
  return error instanceof BrokenExecutorError && mayBreak(chronicle);
}

function mayBreak({ starts }: Played['chronicle']): boolean {
  return starts.silent > 0 || starts.failed >= 3;
}

function faultsOfMaps({ script, read, chronicle, starts }: Played): string[] {
  return script.maps.flatMap((map) => {
    const names = Array.from({ length: map.items }, (_, i) => `${map.name}-${i}`);
    const got = read.get(map.name) ?? [];
    const values = got.filter((item) => typeof item === 'string');
    const errors = got.filter((item) => typeof item !== 'string');
    const found: string[] = [];
    if (new Set(values).size !== values.length) found.push(`${map.name}: an item came twice: ${values}`);
    if (!values.every((value) => names.includes(value))) found.push(`${map.name}: gave ${values}`);
    for (const name of names) if ((starts.get(name) ?? 0) > 1) found.push(`${name}: was started twice`);
    if (
      !map.unordered &&
      values.some((value, i) => i > 0 && names.indexOf(value) < names.indexOf(values[i - 1] as string))
    )
      found.push(`${map.name}: is not in order: ${values}`);
    const hits = [...chronicle.lost.map(({ task }) => task), ...chronicle.refused].filter((task) => task === map.name);
    const { cancelFutures, timeout, at } = script.shutdown;
    const rowsPerTask = map.chunkSize === 'auto' ? 1 : map.chunkSize;
    const isCut = mayBreak(chronicle) || cancelFutures || timeout !== undefined || at <= map.at + 1;
    if (!isCut && errors.length > hits.length * rowsPerTask) found.push(`${map.name}: failed with ${errors.map(show)}`);
    if (!isCut && got.length < Math.min(map.leaveAfter, map.items))
      found.push(`${map.name}: gave only ${got.length} items`);
    return found;
  });
}

function faultsOfEnd({ executor, clock, chronicle, warnings, tookMs, script }: Played): string[] {
  const found: string[] = [];
  const { workers, queued, running } = executor.stats();
  if (workers.length + queued + running > 0) found.push(`it still does something: ${executor.explain()}`);
  if (chronicle.living > 0) found.push(`${chronicle.living} workers are left`);
  if (clock.isKeptAlive) found.push('the process is kept alive');
  // One may: the report of what nobody looked at.
  if (clock.timersLeft > 1) found.push(`${clock.timersLeft} timers are left on the clock`);
  if (tookMs > longestMs(script, chronicle.delays)) found.push(`took ${tookMs} ms`);
  // A worker that died of a fault while it ran nothing, or that was blocked, is told of; nothing else is.
  for (const text of warnings) {
    if (!/ran no task|started none of its tasks/.test(text)) found.push(`warned: ${text}`);
  }
  return found;
}

/**
 * How long a run may take: all tasks one after the other, each with its grace, and for each worker lost two looks at a blocked worker or
 * a pause after failed starts. Whatever takes longer waited for something that could not come.
 */
function longestMs({ tasks, maps, shutdown }: Script, delays: number): number {
  const taskMs = tasks.map(({ ms, retries, backoff, timeout = 100 }) => {
    return (retries + 1) * (Math.max(ms, timeout) + 300) + backoff * 2 ** retries;
  });
  const mapMs = maps.map(({ ms, items }) => ms * items);
  return [...taskMs, ...mapMs].reduce((sum, ms) => sum + ms, shutdown.at + 3000 + 6000 * delays);
}

function lossesOf(name: string, { chronicle }: Played): Played['chronicle']['lost'] {
  return chronicle.lost.filter(({ task }) => task === name);
}

function show(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
