/**
 * Messages at the broker that are of no use to anybody any more.
 *
 *   waits ──nothing else to do, or too much of it──► batches deleted ──all are gone──► news deleted ──► pieces of objects deleted
 *
 * A few at a time, and in this order: a worker that finds the batch knows that nothing which was told of it is missing (news-log.ts), and an object
 * is there as long as anything that names it.
 *
 * Where a stream is another one by now, what was to be deleted of the one before is forgotten: others have these numbers now.
 *
 * Deleting costs the broker as much as storing, so it waits for a quiet moment; but what is kept counts against the room that a stream has, and
 * when that is used up, no outcome can be stored.
 */

import type { Broker } from './broker.js';
import { deleteAll } from './delete-all.js';
import { pause } from './pause.js';

/** A small part of the room of a stream (1 GiB by default), which many submitters may share. */
const bytesMax = 16 * 1024 * 1024;
const piecesMax = 20_000;
/** Of half a megabyte at least. */
const objectsMax = 16;
const retryMs = 1000;

export class Litter {
  readonly #client: string;
  #batches: number[] = [];
  /** By their subjects: their numbers were not asked for. */
  #unasked: string[] = [];
  #news: number[] = [];
  #objects: string[] = [];
  #bytes = 0;
  /** Which streams these are numbers of. */
  #tasks: string | undefined;
  #results: string | undefined;
  #isRelieving = false;
  #clearing: Promise<boolean> = Promise.resolve(true);

  /** @param client whose batches */
  constructor(client: string) {
    this.#client = client;
  }

  /** What is added from now on is of that broker's streams as they are. */
  isOf({ queue, names }: Broker): void {
    this.#forgetUnless(queue.identityOf(names.tasks), queue.identityOf(names.results));
  }

  #forgetUnless(tasks: string | undefined, results: string | undefined): void {
    if (tasks !== this.#tasks) [this.#batches, this.#unasked] = [[], []];
    if (results !== this.#results) this.#news = [];
    this.#tasks = tasks;
    this.#results = results;
  }

  addBatch(seq: number): void {
    this.#batches.push(seq);
  }

  /** The batch of that subject, which its worker has acknowledged, unless it was lost. */
  addUnasked(subject: string): void {
    this.#unasked.push(subject);
  }

  addNews(seqs: readonly number[]): void {
    this.#news.push(...seqs);
  }

  /** By their names. */
  addObjects(objects: readonly string[]): void {
    this.#objects.push(...objects);
  }

  /** So much has been heard that will be litter. */
  grow(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Where there is too much, it is deleted while other things go on; tried until the broker answers, since others may wait for the room. */
  async relieve(broker: Broker, signal: AbortSignal): Promise<void> {
    if (this.#isRelieving) return;
    this.#isRelieving = true;
    try {
      while (
        this.#bytes > bytesMax ||
        this.#batches.length + this.#unasked.length + this.#news.length > piecesMax ||
        this.#objects.length > objectsMax
      )
        if (!(await this.clear(broker))) await pause(retryMs, signal);
    } catch {
      // It has been told to stop.
    } finally {
      this.#isRelieving = false;
    }
  }

  /**
   * Deletes what there is, once what is being deleted is gone; `false` where the broker does not answer.
   *
   * @param goesOn asked before each: what is left then is kept for the next time
   */
  clear(broker: Broker, goesOn: () => boolean = () => true): Promise<boolean> {
    this.#clearing = this.#clearing.then(() => this.#clearNow(broker, goesOn));
    return this.#clearing;
  }

  async #clearNow(broker: Broker, goesOn: () => boolean): Promise<boolean> {
    const { tasks, results, blobStream } = broker.names;
    if (this.#batches.length + this.#unasked.length + this.#news.length > 0) {
      const now = await Promise.all([broker.queue.look(tasks), broker.queue.look(results)]).catch(() => undefined);
      if (now === undefined) return false;
      this.#forgetUnless(...now);
    }
    const [batches, unasked] = [this.#batches, this.#unasked];
    const [news, objects, bytes] = [this.#news, this.#objects, this.#bytes];
    [this.#batches, this.#unasked, this.#news, this.#objects, this.#bytes] = [[], [], [], [], 0];
    const leftUnasked = await deletedUnasked(broker, this.#client, unasked);
    const leftBatches = await deleteAll(broker, tasks, batches, goesOn);
    const leftNews =
      leftBatches.length + leftUnasked.length > 0 ? news : await deleteAll(broker, results, news, goesOn);
    const leftObjects = leftNews.length > 0 ? objects : await deletedObjects(broker, blobStream, objects, goesOn);
    const isDone = leftUnasked.length + leftBatches.length + leftNews.length + leftObjects.length === 0;
    if (isDone) return true;
    this.#unasked = [...leftUnasked, ...this.#unasked];
    this.#batches = [...leftBatches, ...this.#batches];
    this.#news = [...leftNews, ...this.#news];
    this.#objects = [...leftObjects, ...this.#objects];
    this.#bytes += bytes;
    return false;
  }
}

/** Hardly any is there; which ones are is asked for all of them at once. */
async function deletedUnasked(broker: Broker, client: string, subjects: readonly string[]): Promise<readonly string[]> {
  if (subjects.length === 0) return [];
  const { names, reader } = broker;
  try {
    const { counts } = await reader.census(names.tasks, names.tasksOf(client, '*'));
    for (const subject of subjects) {
      if (!counts.has(subject)) continue;
      const batch = await reader.lastOf(names.tasks, subject);
      if (batch !== undefined && (await broker.delete(names.tasks, batch.seq)) === undefined) return subjects;
    }
    return [];
  } catch {
    return subjects;
  }
}

async function deletedObjects(
  broker: Broker,
  stream: string,
  objects: readonly string[],
  goesOn: () => boolean,
): Promise<readonly string[]> {
  for (const [i, object] of objects.entries()) {
    const seqs = await broker.objects.pieces(object).catch(() => undefined);
    if (seqs === undefined || (await deleteAll(broker, stream, seqs, goesOn)).length > 0) return objects.slice(i);
  }
  return [];
}
