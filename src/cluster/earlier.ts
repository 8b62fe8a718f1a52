/** What an earlier submitter of the same name has left with the broker. */

import { defaultTaskSettings } from '../executors/options.js';
import { FunctionHandle } from '../functions/handle.js';
import { Task, type TaskOwner } from '../pool/task.js';
import { objectOf, openBody } from './bodies.js';
import type { Broker } from './broker.js';
import { allNames, type BatchNews, namesOf, type TaskBatch } from './messages.js';
import type { Seal } from './seal.js';

export interface EarlierBatch {
  readonly id: string;
  /** Of its tasks. */
  readonly names: readonly string[];
  /** Where it is stored; 0 where only its outcomes are. */
  readonly streamSeq: number;
  /** Which stream that is, as far as is known. */
  readonly stream?: string | undefined;
  /** The object in which its body is. */
  readonly object?: string | undefined;
}

/**
 * Batches that wait, run, or have outcomes which nobody has taken. Those that wait are looked for first: one that ends meanwhile is found again
 * among the outcomes, and none is missed.
 */
export async function earlierBatches(
  broker: Broker,
  { client, seal }: { client: string; seal: Seal },
): Promise<EarlierBatch[]> {
  const { names } = broker;
  const found = new Map<string, EarlierBatch>();
  for (const { seq, subject, data } of await broker.reader.ownWaiting(names.tasksOf(client, '*'))) {
    const id = idOf(subject);
    const batch = await openBody<TaskBatch>(broker, seal, subject, data);
    const stream = broker.queue.identityOf(names.tasks);
    found.set(id, { id, names: allNames(namesOf(batch)), streamSeq: seq, stream, object: objectOf(data) });
  }
  const outcomes = names.resultsOf(client, '*');
  const told = new Set([...found.keys()].map((id) => names.resultsOf(client, id)));
  for await (const { subject, data } of broker.reader.storedSoFar(names.results, outcomes)) {
    told.add(subject);
    const id = idOf(subject);
    if (found.has(id)) continue;
    const { tasks } = await openBody<BatchNews>(broker, seal, subject, data);
    if (tasks !== undefined) found.set(id, { id, names: allNames(tasks), streamSeq: 0 });
  }
  await broker.reader.checkToldAll(names.results, outcomes, told);
  return [...found.values()];
}

function idOf(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}

/** Of a function that only the earlier submitter had: it is not sent again. */
export function earlierTask(owner: TaskOwner, name: string): Task {
  const original = Object.defineProperty(() => {}, 'name', { value: name });
  const handle = new FunctionHandle(original, { kind: 'builtin', module: undefined, path: '' }, []);
  return new Task(owner, handle, { isChunk: false, values: [] }, defaultTaskSettings(), {});
}
