/** Telling the workers which tasks are not wanted any more: those that are cancelled together, together, since every worker hears each message. */

import type { Batch } from './batch.js';
import type { Broker } from './broker.js';
import { encode } from './codec.js';
import { deleteAll } from './delete-all.js';
import type { CancelMessage } from './messages.js';
import type { Seal } from './seal.js';

type Wish = Pick<CancelMessage, 'how' | 'reason'>;

/** About what goes in one message: 2,000 tasks that are each a batch of their own. A broker may take less. */
const bytesMax = 64 * 1024;
/** What a number takes at most, among tens of thousands, and what stands around an id. */
const numberBytes = 6;

export class Cancelling {
  readonly #client: string;
  readonly #seal: Seal;
  /** The connection, where there is one. */
  readonly #broker: () => Broker | undefined;
  /** By what is to be done, and why. */
  readonly #untold = new Map<string, Wish & { readonly batches: Map<Batch, number[]> }>();
  #isDue = false;

  constructor(of: { client: string; seal: Seal; broker: () => Broker | undefined }) {
    this.#client = of.client;
    this.#seal = of.seal;
    this.#broker = of.broker;
  }

  /** Tells the workers, in a moment; what waits at the broker, and is not wanted at all any more, is taken from there. */
  cancel(batch: Batch, index: number, how: CancelMessage['how'], reason: string): void {
    const key = `${how} ${reason}`;
    const wish = this.#untold.get(key) ?? { how, reason, batches: new Map<Batch, number[]>() };
    this.#untold.set(key, wish);
    const indices = wish.batches.get(batch);
    if (indices === undefined) wish.batches.set(batch, [index]);
    else indices.push(index);
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.tell());
  }

  /** Tells what has not been told. What is said while the broker is away would be lost: it waits until that is back. */
  tell(): void {
    this.#isDue = false;
    const broker = this.#broker();
    if (broker?.isAway) return;
    const wishes = [...this.#untold.values()];
    this.#untold.clear();
    // Where there is no connection, nothing has been sent that could run.
    if (broker === undefined) return;
    for (const wish of wishes) this.#tell(broker, wish, wish.batches);
    const unwanted = new Set(wishes.flatMap(({ batches }) => [...batches.keys()]).filter(({ isDone }) => isDone));
    if (unwanted.size > 0) void remove(broker, unwanted);
  }

  #tell(broker: Broker, { how, reason }: Wish, of: Iterable<readonly [Batch, readonly number[]]>): void {
    const { cancel } = broker.names;
    let batches: [string, readonly number[]][] = [];
    let bytes = 0;
    const send = (): void => {
      const message: CancelMessage = { client: this.#client, batches, how, reason };
      broker.tell(cancel, this.#seal.close(cancel, encode(message, true)));
      [batches, bytes] = [[], 0];
    };
    for (const [{ id }, indices] of of) {
      batches.push([id, indices]);
      bytes += id.length + numberBytes * (1 + indices.length);
      if (bytes >= Math.min(bytesMax, broker.inlineBytesMax)) send();
    }
    if (batches.length > 0) send();
  }
}

/** Where the stream is another one by now, what has these numbers is something else. */
async function remove(broker: Broker, batches: Iterable<Batch>): Promise<void> {
  const { tasks } = broker.names;
  const now = await broker.queue.look(tasks).catch(() => undefined);
  if (now === undefined) return;
  const seqs = [...batches].flatMap(({ streamSeq, stream }) =>
    streamSeq !== undefined && streamSeq > 0 && stream === now ? [streamSeq] : [],
  );
  await deleteAll(broker, tasks, seqs);
}
