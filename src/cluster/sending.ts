/**
 * A batch on its way to the broker, until it is known to be stored.
 *
 *   to be sent ──its functions are there──► asked ──answered──► stored ──each task has its outcome──► litter
 *       │                                   ▲   └──no answer, connection lost──► (again, under its id, until there is one)
 *       └──brief──► sent without asking ────┴── no outcome in a moment
 *                          └──each task has its outcome──► litter
 *
 *   too large together, some not wanted any more ──► (its tasks go in others)          refused ──► (its tasks fail)
 *
 * The outcome of a brief one says that it was stored. To hear that before costs a lone call a fourteenth of its time, and its submitter a third of
 * its own. Where several brokers store it, it is asked for all the same: one that was cut off from the others takes it, and has no say.
 */

import type { Task } from '../pool/task.js';
import type { Batch } from './batch.js';
import { bodyOf, objectOf } from './bodies.js';
import type { Broker } from './broker.js';
import { type Code, codeOf } from './code.js';
import type { Litter } from './litter.js';
import { encodedTasks, Unsuited } from './make-batch.js';
import type { Seal } from './seal.js';
import { StoredCode } from './stored-code.js';
import { whenThere } from './when-there.js';

export interface SendingEvents {
  /** The batch can't be sent, and is in nobody's hands. */
  onUnsendable(batch: Batch, error: unknown): void;
  /** It has not been sent: what of it has no outcome is to go in about so many messages instead. */
  onUnsuited(batch: Batch, messages: number): void;
}

export interface SendingOf {
  readonly client: string;
  readonly seal: Seal;
  /** For what the broker has of batches that are done. */
  readonly litter: Litter;
}

/** How long the outcomes of a brief batch are waited for: many times what they take. */
const briefMs = 20;

export class Sending {
  readonly #of: SendingOf;
  readonly #events: SendingEvents;
  readonly #code: StoredCode;

  constructor(of: SendingOf, events: SendingEvents) {
    this.#of = of;
    this.#events = events;
    this.#code = new StoredCode(of.seal);
  }

  /** Resolves once it is stored, or done, or never will be. */
  async send(broker: Broker, batch: Batch, signal: AbortSignal): Promise<void> {
    const { seal, client, litter } = this.#of;
    const { names } = broker;
    try {
      const codes = new Map(batch.tasks.map(({ handle }) => [handle, codeOf(handle)] as const));
      const subject = names.tasksOf(client, batch.id);
      batch.reliesOnStoredCode = [...codes.values()].some((code) => this.#code.has(code));
      const storing = [...codes.values()].map((code) => this.#code.store(broker, code, signal));
      if (storing.some((each) => each !== undefined)) await Promise.all(storing);
      let attempts = 0;
      const body = (): Buffer | Promise<Buffer> => {
        attempts += 1;
        // Cancelled while it waited for the connection.
        if (attempts === 1 && !batch.isWhole) throw new Unsuited(1);
        const codeOfTask = ({ handle }: Task): Code => codes.get(handle) as Code;
        const bytes = encodedTasks(batch.tasks, codeOfTask, broker.inlineBytesMax);
        return whenThere(bodyOf(broker, seal, subject, bytes, signal), (sent) => {
          batch.isIn(objectOf(sent));
          return sent;
        });
      };
      if (batch.isBrief && !broker.isAway && !broker.isCluster) {
        const sent = body();
        broker.send(subject, sent instanceof Promise ? await sent : sent, batch.id);
        await batch.doneWithin(briefMs);
        if (batch.isDone) {
          litter.addBatch({ id: batch.id });
          this.#discardNews(batch);
          return;
        }
      }
      const { seq, duplicate = false } = await broker.store(subject, body, { id: batch.id, signal });
      batch.isStoredAt(seq, broker.queue.identityOf(names.tasks));
      if (!batch.isDone) return;
      // Its outcomes were quicker than the word that it is stored. One that was sent twice may have been stored twice then, and what was told of
      // the one keeps whoever has the other from telling anything.
      if (batch.newsCount > 0 && attempts > (duplicate ? 2 : 1)) litter.addBatch({ id: batch.id, seq });
      else this.discard(batch);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Unsuited) this.#events.onUnsuited(batch, error.messages);
      else this.#events.onUnsendable(batch, error);
    }
  }

  /** No worker has found its functions at the broker. */
  forgetCode({ tasks }: Batch): void {
    for (const { handle } of tasks) this.#code.forget(codeOf(handle));
  }

  /** Each of its tasks has its outcome. One that is being stored is discarded once it is. */
  discard(batch: Batch): void {
    const { streamSeq } = batch;
    if (streamSeq === undefined) return;
    // It may still be there, where its worker was lost before it could say that it is done.
    if (streamSeq > 0) this.#of.litter.addBatch({ id: batch.id, seq: streamSeq });
    this.#discardNews(batch);
  }

  #discardNews(batch: Batch): void {
    const { newsSeqs, objects } = batch.takeStored();
    this.#of.litter.addNews(newsSeqs);
    this.#of.litter.addObjects(objects);
  }
}
