/** What was run, in words. */

import { formatDuration } from '../durations.js';
import type { InputChoice } from '../inputs/open-inputs.js';
import type { RunSettings, Work } from '../map-settings.js';
import type { Limit } from '../units.js';
import type { Machine } from './machine.js';

export interface RunDescription {
  /** `module#export`, as written. */
  readonly module: string;
  readonly startedAt: number;
  readonly cwd: string;
  /** What the options, the inputs and the machine were: a name and a text each. */
  readonly facts: readonly (readonly [name: string, text: string])[];
}

export interface RunOrigin {
  readonly startedAt: number;
  readonly cwd: string;
  readonly machine: Machine | undefined;
}

const argumentsShownMax = 20;

export function describeRun(work: Work, settings: RunSettings, { startedAt, cwd, machine }: RunOrigin): RunDescription {
  return {
    module: work.module,
    startedAt,
    cwd,
    facts: [
      ['folder', cwd],
      ['inputs', inputsText(work)],
      ...options(settings),
      ...(machine === undefined ? [] : machineFacts(machine)),
    ],
  };
}

function inputsText({ inputs, limit, spread }: Work): string {
  const notes = [...(limit === undefined ? [] : [`the first ${limit}`]), ...(spread ? ['arrays spread'] : [])];
  return source(inputs) + (notes.length > 0 ? ` (${notes.join(', ')})` : '');
}

function source(inputs: InputChoice): string {
  switch (inputs.kind) {
    case 'arguments': {
      const shown = inputs.values.slice(0, argumentsShownMax).join(' ');
      return inputs.values.length > argumentsShownMax ? `${shown} … (${inputs.values.length} in all)` : shown;
    }
    case 'stdin':
      return `standard input, ${inputs.format}`;
    case 'file':
      return `${inputs.path}, ${inputs.format}`;
    case 'glob':
      return inputs.patterns.join(' ');
    default:
      return inputs satisfies never;
  }
}

function options(settings: RunSettings): [string, string][] {
  const { timeoutMs, totalTimeoutMs, retries, backoffMs, maxFailures, init, maxTasksPerWorker, maxMemory } = settings;
  const given: [string, string | undefined][] = [
    ['executor', settings.executor],
    ['workers, at most', settings.maxWorkers === undefined ? 'one per core' : limitText(settings.maxWorkers)],
    ['timeout', timeoutMs === undefined ? undefined : formatDuration(timeoutMs)],
    ['total timeout', totalTimeoutMs === undefined ? undefined : formatDuration(totalTimeoutMs)],
    ['retries', retries === 0 ? undefined : String(retries)],
    ['backoff', backoffMs === 0 ? undefined : formatDuration(backoffMs)],
    ['failures, at most', maxFailures === undefined ? undefined : limitText(maxFailures)],
    ['init', init],
    ['tasks per worker, at most', maxTasksPerWorker === undefined ? undefined : String(maxTasksPerWorker)],
    ['memory per worker, at most', maxMemory === undefined ? undefined : bytesText(maxMemory)],
  ];
  return given.flatMap(([name, text]) => (text === undefined ? [] : [[name, text] as [string, string]]));
}

function machineFacts(machine: Machine): [string, string][] {
  const { host, platform, cores, processor, memoryBytes, node } = machine;
  return [
    ['machine', `${host}, ${platform}`],
    ['processor', `${cores} × ${processor}`],
    ['memory', bytesText(memoryBytes)],
    ['Node', node],
  ];
}

function limitText(limit: Limit): string {
  return 'count' in limit ? String(limit.count) : `${limit.share * 100} %`;
}

function bytesText(bytes: number): string {
  return bytes >= 1024 ** 3 ? `${(bytes / 1024 ** 3).toFixed(1)} GiB` : `${Math.round(bytes / 1024 ** 2)} MiB`;
}
