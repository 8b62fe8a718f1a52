/** Telling the workers which tasks are not wanted any more: those of a batch that are cancelled together, together. */

import type { Batch } from './batch.js';
import type { Broker } from './broker.js';
import { encode } from './codec.js';
import type { CancelMessage } from './messages.js';
import type { Seal } from './seal.js';

type Cancellation = Pick<CancelMessage, 'how' | 'reason'> & { readonly index: number };

export class Cancelling {
  readonly #client: string;
  readonly #seal: Seal;
  /** The connection, where there is one. */
  readonly #broker: () => Broker | undefined;
  readonly #untold = new Map<Batch, Cancellation[]>();
  #isDue = false;

  constructor(of: { client: string; seal: Seal; broker: () => Broker | undefined }) {
    this.#client = of.client;
    this.#seal = of.seal;
    this.#broker = of.broker;
  }

  /** Tells the workers, in a moment; what waits at the broker, and is not wanted at all any more, is taken from there. */
  cancel(batch: Batch, index: number, how: CancelMessage['how'], reason: string): void {
    const told = this.#untold.get(batch);
    if (told === undefined) this.#untold.set(batch, [{ index, how, reason }]);
    else told.push({ index, how, reason });
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.tell());
  }

  /** Tells what has not been told. What is said while the broker is away would be lost: it waits until that is back. */
  tell(): void {
    this.#isDue = false;
    const broker = this.#broker();
    if (broker?.isAway) return;
    const untold = [...this.#untold];
    this.#untold.clear();
    // Where there is no connection, nothing has been sent that could run.
    if (broker === undefined) return;
    for (const [batch, cancellations] of untold) this.#tell(broker, batch, cancellations);
    const unwanted = untold
      .map(([batch]) => batch)
      .filter(({ isDone, streamSeq }) => isDone && streamSeq !== undefined);
    if (unwanted.length > 0) void remove(broker, unwanted);
  }

  #tell(broker: Broker, batch: Batch, cancellations: readonly Cancellation[]): void {
    const { cancel } = broker.names;
    for (const how of ['abort', 'kill'] as const) {
      const of = cancellations.filter((each) => each.how === how);
      if (of.length === 0) continue;
      const message: CancelMessage = {
        client: this.#client,
        batch: batch.id,
        indices: of.map(({ index }) => index),
        how,
        reason: of[0]?.reason ?? '',
      };
      broker.tell(cancel, this.#seal.close(cancel, encode(message, true)));
    }
  }
}

/** Where the stream is another one by now, what has these numbers is something else. */
async function remove(broker: Broker, batches: readonly Batch[]): Promise<void> {
  const { tasks } = broker.names;
  const now = await broker.queue.look(tasks).catch(() => undefined);
  if (now === undefined) return;
  for (const { streamSeq, stream } of batches) if (stream === now) void broker.delete(tasks, streamSeq as number);
}
