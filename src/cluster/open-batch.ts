/** A batch as it came → what there is to run: who signed it, what of it is known, and its functions. */

import type { FunctionHandle } from '../functions/handle.js';
import { openBody } from './bodies.js';
import type { Broker } from './broker.js';
import type { Delivery } from './delivery.js';
import type { KnownFunctions } from './known-functions.js';
import type { QueueTimes } from './make-queue.js';
import { namesOf, type TaskBatch } from './messages.js';
import { NewsLog } from './news-log.js';
import { Refusal } from './refusal.js';
import { Replays } from './replays.js';
import type { Seal } from './seal.js';
import { checkBatch } from './shapes.js';
import { whenThere } from './when-there.js';

interface BatchIds {
  readonly client: string;
  readonly id: string;
}

export interface OpenedBatch extends BatchIds {
  readonly kind: 'opened';
  readonly log: NewsLog;
  readonly batch: TaskBatch;
  readonly handles: ReadonlyMap<string, FunctionHandle>;
}

export type Opening =
  | OpenedBatch
  /** `log` where there is somebody to tell. */
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly log: NewsLog | undefined }
  /** It was done by another, and its submitter has heard and forgotten it. */
  | { readonly kind: 'forgotten' }
  /** Not now: the broker is away. */
  | { readonly kind: 'failed'; readonly error: unknown };

export interface BatchOpenerOf {
  readonly broker: Broker;
  readonly seal: Seal;
  readonly functions: KnownFunctions;
  /** Who opens it. */
  readonly worker: string;
  readonly signal: AbortSignal;
  readonly times: QueueTimes;
  /** How often a batch may be given out before that is held against it. */
  readonly maxDeliveries: number;
}

/** A batch that has waited this long may have been cancelled before this worker listened, or run before. */
const mayBeKnownAfterMs = 1000;

export class BatchOpener {
  readonly #of: BatchOpenerOf;
  readonly #replays = new Replays();

  constructor(of: BatchOpenerOf) {
    this.#of = of;
  }

  /** A promise only where something of it has to be fetched, or asked for. */
  open(delivery: Delivery): Opening | Promise<Opening> {
    const { broker, seal } = this.#of;
    const { subject, data } = delivery;
    const ids = idsOf(delivery);
    // What would be told of a longer one would be told of another batch.
    if (subject !== broker.names.tasksOf(ids.client, ids.id))
      return { kind: 'refused', refusal: new Refusal('MALFORMED', 'its subject names no batch'), log: undefined };
    const log = this.#logOf(delivery, ids);
    const failed = (error: unknown): Opening => this.#failed(delivery, log, error);
    try {
      const body = openBody<TaskBatch>(broker, seal, subject, data);
      const opened = whenThere(body, (batch) => this.#check(delivery, ids, log, batch));
      return opened instanceof Promise ? opened.catch(failed) : opened;
    } catch (error) {
      return failed(error);
    }
  }

  #check(delivery: Delivery, ids: BatchIds, log: NewsLog, batch: TaskBatch): Opening | Promise<Opening> {
    const { seal, functions } = this.#of;
    const { count, storedAt } = delivery;
    checkBatch(batch);
    log.names = namesOf(batch);
    this.#replays.check(delivery, { id: ids.id, issuedAt: batch.issuedAt, isSigned: seal.isSigned });
    const run = (): Opening | Promise<Opening> =>
      whenThere(functions.handlesFor(batch), (handles) => ({
        kind: 'opened',
        ...ids,
        log,
        batch,
        handles,
      }));
    if (count === 1 && Date.now() - storedAt <= mayBeKnownAfterMs) return run();
    return log
      .read()
      .then(() => log.isWanted())
      .then((isWanted) => (isWanted ? run() : { kind: 'forgotten' }));
  }

  #failed({ count }: Delivery, log: NewsLog, error: unknown): Opening {
    const { maxDeliveries } = this.#of;
    if (error instanceof Refusal) return { kind: 'refused', refusal: error, log };
    if (count <= maxDeliveries) return { kind: 'failed', error };
    const why = `it could not be opened by ${count} workers in turn (maxDeliveries): ${(error as Error).message}`;
    return { kind: 'refused', refusal: new Refusal('TOO_MANY_DELIVERIES', why, { cause: error }), log };
  }

  #logOf(delivery: Delivery, { client, id }: BatchIds): NewsLog {
    const { broker, seal, worker, signal, times } = this.#of;
    const { streamSeq, storedAt, count } = delivery;
    return new NewsLog({
      broker,
      seal,
      subject: broker.names.resultsOf(client, id),
      worker,
      signal,
      given: { streamSeq, storedAt, count, times },
    });
  }
}

/** Whose batch it is, by its subject. */
export function idsOf({ subject }: Delivery): BatchIds {
  const [, , , client = '', id = ''] = subject.split('.');
  return { client, id };
}
