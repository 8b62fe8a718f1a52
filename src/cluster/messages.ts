/**
 * What goes through the broker.
 *
 *   submitter ──TaskBatch──► TASKS ──pulled──► worker
 *   submitter ◄──in the order in which they were stored── RESULTS ◄──BatchNews── worker
 *   submitter ──CancelMessage──► all workers            worker ──Presence──► whoever listens
 *
 * A batch's news are one log. Of several outcomes of one task the first that was stored counts, for everybody.
 */

import type { EncodedError } from '../protocol/errors.js';
import { decode, encode, encodeJson, isJsonValue, jsonOf, jsonOfList } from './codec.js';
import type { RefusalReason } from './refusal.js';
import { Refusal } from './refusal.js';
import type { Seal } from './seal.js';

/** Submitters and workers of other versions are told so. */
export const clusterVersion = 1;

/** Tasks that follow each other and differ in their arguments and names only. */
export type TaskGroup = readonly [
  /** Of the function: see code.ts. */
  digest: string,
  /** Of all of them, or of each. */
  names: string | readonly string[],
  attempt: number,
  isChunk: boolean,
  count: number,
  /** How many values each has. */
  size: number,
  values: readonly unknown[],
  /** How long each may run; `null` for no limit. */
  timeoutMs: number | null,
  context: Readonly<Record<string, unknown>> | null,
];

export interface TaskBatch {
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly groups: readonly TaskGroup[];
}

/** A task is told by its place in its batch. */
export type News =
  /** Tasks that follow each other gave these values, after so many milliseconds. */
  | readonly ['done', first: number, values: readonly unknown[], ms: readonly number[]]
  | readonly ['failed', index: number, error: EncodedError, ms: number]
  | readonly ['cancelled', index: number]
  | readonly ['started', index: number, atMs: number]
  | readonly ['report', index: number, progress: unknown]
  /** None of the batch is run. */
  | readonly ['refused', reason: RefusalReason, why: string];

export type BatchNames = readonly [names: string | readonly string[], count: number];

export interface BatchNews {
  readonly version: number;
  /** Who tells it. */
  readonly worker: string;
  /** The names of the batch's tasks, group by group, in the first of its news: for a submitter that has forgotten them. */
  readonly tasks?: readonly BatchNames[];
  readonly news: readonly News[];
}

export interface CancelMessage {
  readonly client: string;
  readonly batches: readonly (readonly [id: string, indices: readonly number[]])[];
  /** What to do with those that run: tell them, with time to end by themselves, or end them now. */
  readonly how: 'abort' | 'kill';
  readonly reason: string;
}

export interface Presence {
  readonly version: number;
  readonly name: string;
  readonly host: string;
  readonly pid: number;
  readonly executor: string;
  readonly slots: number;
  readonly running: number;
  /** Tasks that it holds, running ones included. */
  readonly held: number;
  readonly done: number;
  readonly failed: number;
  readonly refused: number;
  readonly startedAt: number;
  /** It takes no more. */
  readonly isDraining: boolean;
}

export function encodeBatch(batch: TaskBatch): Buffer {
  if (!batch.groups.every(isJsonGroup)) return encode(batch, false);
  const { version, issuedAt, groups } = batch;
  return encodeJson(`{"version":${version},"issuedAt":${issuedAt},"groups":${jsonOfList(groups, jsonOfGroup)}}`);
}

function isJsonGroup({ 6: values, 8: context }: TaskGroup): boolean {
  return context === null && values.every(isJsonValue);
}

function jsonOfGroup(group: TaskGroup): string {
  const { 0: digest, 1: names, 2: attempt, 3: isChunk, 4: count, 5: size, 6: values, 7: timeoutMs } = group;
  return `["${digest}",${jsonOf(names)},${attempt},${isChunk},${count},${size},${jsonOf(values)},${timeoutMs},null]`;
}

export function encodeNews(message: BatchNews): Buffer {
  if (!message.news.every(isJsonNews)) return encode(message, false);
  const { version, worker, tasks, news } = message;
  const told = `"news":${jsonOfList(news, jsonOfNews)}}`;
  if (tasks === undefined) return encodeJson(`{"version":${version},"worker":${jsonOf(worker)},${told}`);
  return encodeJson(
    `{"version":${version},"worker":${jsonOf(worker)},"tasks":${jsonOfList(tasks, jsonOfNames)},${told}`,
  );
}

function jsonOfNames({ 0: names, 1: count }: BatchNames): string {
  return `[${jsonOf(names)},${count}]`;
}

function jsonOfNews(item: News): string {
  if (item[0] !== 'done') return JSON.stringify(item);
  return `["done",${item[1]},${jsonOf(item[2])},${jsonOf(item[3])}]`;
}

function isJsonNews(news: News): boolean {
  switch (news[0]) {
    case 'done':
      return news[2].every(isJsonValue);
    case 'report':
      return isJsonValue(news[2]);
    case 'failed':
      return false;
    default:
      return true;
  }
}

export function namesOf({ groups }: TaskBatch): BatchNames[] {
  return groups.map(([, names, , , count]) => [names, count]);
}

/** One name for each task. */
export function allNames(tasks: readonly BatchNames[]): string[] {
  return tasks.flatMap(([names, count]) => (typeof names === 'string' ? Array<string>(count).fill(names) : names));
}

/** Opens a message that was signed for that subject. */
export function openMessage<T extends { readonly version: number }>(
  seal: Seal,
  subject: string,
  sealed: Uint8Array,
): T {
  const message = decode(seal.open(subject, sealed)) as T;
  if (message?.version === clusterVersion) return message;
  throw new Refusal(
    'WRONG_VERSION',
    `the message is of protocol version ${message?.version}, and this side speaks ${clusterVersion}: update the older side`,
  );
}
