/**
 * Whether the broker still has what it said that it has stored. A batch that is there waits for a worker, or is run; one that is not has news. Where
 * it has neither, it has expired, or the queue's streams were deleted or emptied, or the broker has lost what it had stored: nobody will ever tell of it.
 *
 *   pending ──not among the tasks──► news that have not been heard? ──no──► suspect ──still so, some seconds later──► lost: its tasks fail
 *      ▲                                                          └──yes──► (heard in a moment, else all news are heard once more)
 *      └──among the tasks, or something was heard──────────────────────────────┘
 *
 * Tasks first, then news: a batch goes from the tasks once its outcomes are stored. Twice, since a broker that was cut off may believe for some
 * seconds that it leads. A task that has expired while it ran is waited for as long as its worker lives, which tells its outcome all the same.
 */

import type { Batch } from './batch.js';
import type { Broker } from './broker.js';
import { apiErrors, codeOf } from './broker-errors.js';
import type { NewsFeed } from './news-feed.js';
import type { Census } from './reader.js';

const everyMs = 10_000;
const confirmMs = 8000;
/** After the connection was lost: a broker that comes back may have lost what it had. */
const soonMs = 1000;
/** What is younger is not asked for. */
const youngMs = 1000;
/** Asking takes no more than so much of the time. */
const share = 1 / 50;

export interface AuditOf {
  /** Whose batches. */
  readonly client: string;
  batches(): Iterable<Batch>;
  /** Whether the worker of that name has been heard lately. */
  isAlive(worker: string): boolean;
  readonly feed: NewsFeed;
  onLost(batch: Batch, why: string): void;
}

export class Audit {
  readonly #of: AuditOf;
  #broker: Broker | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Since when, by `performance.now()`. */
  #suspects = new Map<Batch, number>();
  /** The last that had been heard when news were missing, and since when. */
  #missing: { readonly lastSeq: number; readonly since: number } | undefined;

  constructor(of: AuditOf) {
    this.#of = of;
  }

  start(broker: Broker): void {
    this.#broker = broker;
    this.#lookIn(everyMs);
  }

  stop(): void {
    this.#broker = undefined;
    clearTimeout(this.#timer);
    this.#suspects.clear();
    this.#missing = undefined;
  }

  /** The connection is another one. */
  lookSoon(): void {
    if (this.#broker !== undefined) this.#lookIn(soonMs);
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const broker = this.#broker as Broker;
      const before = performance.now();
      void this.#look(broker)
        // Not now: the broker is away, or nobody leads.
        .catch(() => {})
        .finally(() => {
          if (this.#broker !== broker) return;
          const tookMs = performance.now() - before;
          const isOpen = this.#suspects.size > 0 || this.#missing !== undefined;
          this.#lookIn(Math.max(isOpen ? confirmMs : everyMs, tookMs / share));
        });
    }, ms);
  }

  async #look(broker: Broker): Promise<void> {
    const { names } = broker;
    const { client, batches, feed } = this.#of;
    const now = performance.now();
    const stored = [...batches()].filter(({ storedAtMs }) => now - storedAtMs >= youngMs);
    const before = this.#suspects;
    this.#suspects = new Map();
    if (stored.length === 0) return;
    const tasks = await censusOf(broker, names.tasks, names.tasksOf(client, '*'));
    const gone = stored.filter(({ id }) => !tasks.counts.has(names.tasksOf(client, id)));
    if (gone.length === 0) return;
    const news = await censusOf(broker, names.results, names.resultsOf(client, '*'));
    // What has been told of them is on its way.
    if (this.#broker !== broker || feed.isFetching) return;
    const silent = gone.filter(({ id, newsCount }) => (news.counts.get(names.resultsOf(client, id)) ?? 0) <= newsCount);
    this.#checkHeard(silent.length < gone.length, now);
    for (const batch of silent) {
      if (batch.isDone || this.#isRunning(batch, tasks, now)) continue;
      const since = before.get(batch) ?? now;
      if (now - since < confirmMs) this.#suspects.set(batch, since);
      else this.#of.onLost(batch, why(batch, tasks, now));
    }
  }

  /** What is there and has not been heard is told in a moment; it is asked for where nothing at all has been told meanwhile. */
  #checkHeard(isMissing: boolean, now: number): void {
    const { feed } = this.#of;
    if (!isMissing) this.#missing = undefined;
    else if (this.#missing?.lastSeq !== feed.lastSeq) this.#missing = { lastSeq: feed.lastSeq, since: now };
    else if (now - this.#missing.since >= confirmMs) {
      this.#missing = undefined;
      feed.fromStart();
    }
  }

  #isRunning(batch: Batch, tasks: Census, now: number): boolean {
    return mayBeExpired(batch, tasks, now) && batch.runningCount > 0 && this.#of.isAlive(batch.worker);
  }
}

/** Of a stream that is not there, nothing; it is made anew. */
async function censusOf(broker: Broker, stream: string, subject: string): Promise<Census> {
  try {
    return await broker.reader.census(stream, subject);
  } catch (error) {
    if (codeOf(error) !== apiErrors.noStream) throw error;
    await broker.queue.mend();
    return { identity: '', maxAgeMs: Number.POSITIVE_INFINITY, lastSeq: 0, counts: new Map() };
  }
}

function mayBeExpired({ storedAtMs }: Batch, { maxAgeMs }: Census, now: number): boolean {
  return now - storedAtMs >= maxAgeMs - youngMs;
}

function why(batch: Batch, tasks: Census, now: number): string {
  if (mayBeExpired(batch, tasks, now)) {
    const seconds = Math.round((now - batch.storedAtMs) / 1000);
    return `the broker keeps tasks for ${tasks.maxAgeMs / 1000} s (limits.taskTtlMs), and after ${seconds} s there was no outcome: are there workers enough?`;
  }
  return `the broker has neither it nor an outcome any more. The queue's streams were deleted or emptied, or the broker has lost what it had stored, or it or its outcome has expired (limits.taskTtlMs, resultTtlMs). It may have run`;
}
