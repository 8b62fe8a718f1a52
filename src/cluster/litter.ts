/**
 * Messages at the broker that are of no use to anybody any more.
 *
 *   waits ──nothing else to do, or too much of it──► batches acknowledged, else deleted ──all are gone──► news deleted ──► pieces of objects deleted
 *
 * A few at a time, and in this order: a worker that finds the batch knows that nothing which was told of it is missing (news-log.ts), and an object
 * is there as long as anything that names it. Workers acknowledge a batch a moment after its outcome was heard; what they have not acknowledged then
 * was held by one that is lost.
 *
 * Where a stream is another one by now, what was to be deleted of the one before is forgotten: others have these numbers now.
 *
 * Deleting costs the broker as much as storing, so it waits for a quiet moment; but what is kept counts against the room that a stream has, and
 * when that is used up, no outcome can be stored.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from './broker.js';
import { aFewAtATime, deleteAll } from './delete-all.js';
import { pause } from './pause.js';

/** A small part of the room of a stream (1 GiB by default), which many submitters may share. */
const bytesMax = 16 * 1024 * 1024;
const piecesMax = 20_000;
/** Of half a megabyte at least. */
const objectsMax = 16;
const retryMs = 1000;
/** How often, and after how long each time, it is looked for what workers have not acknowledged yet, which they do after some milliseconds. */
const looksMax = 5;
const lookMs = 10;

/** Each of its tasks has its outcome. */
interface DoneBatch {
  readonly id: string;
  /** Its number, where that is known. */
  readonly seq?: number | undefined;
}

export class Litter {
  readonly #client: string;
  #batches: DoneBatch[] = [];
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
    if (tasks !== this.#tasks) this.#batches = [];
    if (results !== this.#results) this.#news = [];
    this.#tasks = tasks;
    this.#results = results;
  }

  addBatch(batch: DoneBatch): void {
    this.#batches.push(batch);
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
  relieve(broker: Broker, signal: AbortSignal): void {
    if (!this.#isRelieving && this.#isTooMuch) void this.#relieveNow(broker, signal);
  }

  get #isTooMuch(): boolean {
    return (
      this.#bytes > bytesMax ||
      this.#batches.length + this.#news.length > piecesMax ||
      this.#objects.length > objectsMax
    );
  }

  async #relieveNow(broker: Broker, signal: AbortSignal): Promise<void> {
    this.#isRelieving = true;
    try {
      while (this.#isTooMuch) if (!(await this.clear(broker))) await pause(retryMs, signal);
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
    if (this.#batches.length + this.#news.length > 0) {
      const now = await Promise.all([broker.queue.look(tasks), broker.queue.look(results)]).catch(() => undefined);
      if (now === undefined) return false;
      this.#forgetUnless(...now);
    }
    const [batches, news, objects, bytes] = [this.#batches, this.#news, this.#objects, this.#bytes];
    [this.#batches, this.#news, this.#objects, this.#bytes] = [[], [], [], 0];
    const leftBatches = await deletedBatches(broker, this.#client, batches, goesOn);
    const leftNews = leftBatches.length > 0 ? news : await deleteAll(broker, results, news, goesOn);
    const leftObjects = leftNews.length > 0 ? objects : await deletedObjects(broker, blobStream, objects, goesOn);
    if (leftBatches.length + leftNews.length + leftObjects.length === 0) return true;
    this.#batches = [...leftBatches, ...this.#batches];
    this.#news = [...leftNews, ...this.#news];
    this.#objects = [...leftObjects, ...this.#objects];
    this.#bytes += bytes;
    return false;
  }
}

/** Which ones are there still is asked for all of them at once: hardly any. */
async function deletedBatches(
  broker: Broker,
  client: string,
  batches: readonly DoneBatch[],
  goesOn: () => boolean,
): Promise<readonly DoneBatch[]> {
  const { names, reader } = broker;
  const deleteOne = async ({ id, seq: known }: DoneBatch): Promise<boolean> => {
    // One that was sent twice may have another number by now. Where the stream does not let itself be read, it has to be the known one.
    const found = await reader.lastOf(names.tasks, names.tasksOf(client, id)).catch(() => ({ seq: known }));
    if (found === undefined) return true;
    return found.seq !== undefined && (await broker.delete(names.tasks, found.seq)) !== undefined;
  };
  let left = batches;
  try {
    for (let looks = 1; left.length > 0; looks++) {
      const { counts } = await reader.census(names.tasks, names.tasksOf(client, '*'));
      left = left.filter(({ id }) => counts.has(names.tasksOf(client, id)));
      if (left.length > 0 && looks === looksMax) return aFewAtATime(left, deleteOne, goesOn);
      if (!goesOn()) return left;
      if (left.length > 0) await sleep(lookMs);
    }
  } catch {
    // It does not answer.
  }
  return left;
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
