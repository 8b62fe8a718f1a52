/** Reading an object that anybody who reaches the broker may have written: so much is taken, and in bounded time. */

import type { ObjectStore } from '@nats-io/obj';
import { pause, unlessAborted } from './pause.js';
import { Refusal } from './refusal.js';

/** So long may nothing come. An object of which parts are missing would be waited for without end. */
const silenceMs = 20_000;

/** @param loss of the connection: what was on its way then does not come, and is asked for anew by whoever wants it */
export async function readObject(
  store: ObjectStore,
  name: string,
  bytesMax: number,
  loss: AbortSignal,
): Promise<Uint8Array> {
  const info = await store.info(name);
  if (info === null || info.deleted) throw notThere();
  if (info.options?.link !== undefined)
    throw new Refusal('MALFORMED', 'the object that the message names is elsewhere');
  if (info.size > bytesMax) throw oversized(info.size, bytesMax);
  const object = await store.get(name);
  if (object === null) throw notThere();
  // It rejects together with the data.
  object.error.catch(() => {});
  const reader = object.data.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await unlessAborted(inTime(reader.read()), loss);
      if (done) return Buffer.concat(parts, size);
      size += value.length;
      // It may say less than it is.
      if (size > bytesMax) throw oversized(size, bytesMax);
      parts.push(value);
    }
  } catch (cause) {
    void reader.cancel().catch(() => {});
    if (cause instanceof Refusal || loss.aborted) throw cause;
    throw new Refusal('MALFORMED', `the object that the message names can't be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

export function notThere(): Refusal {
  return new Refusal('MALFORMED', 'the object that the message names is not there any more');
}

export function oversized(bytes: number, bytesMax: number): Refusal {
  return new Refusal(
    'OVERSIZED',
    `it takes ${bytes} bytes, and ${bytesMax} is the limit (maxMessageBytes): write it to a place that all machines can read, and send its name`,
  );
}

async function inTime<T>(read: Promise<T>): Promise<T> {
  const limit = new AbortController();
  const silence = pause(silenceMs, limit.signal).then(() => {
    throw new Error(`nothing came for ${silenceMs / 1000} s`);
  });
  silence.catch(() => {});
  try {
    return await Promise.race([read, silence]);
  } finally {
    limit.abort();
  }
}
