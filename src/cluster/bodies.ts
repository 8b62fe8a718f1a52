/** Bodies of messages: signed, and in the object store where they are too large for a message. */

import { createHash } from 'node:crypto';
import type { Broker } from './broker.js';
import { isPassing } from './broker-errors.js';
import { LostConnection } from './losses.js';
import { openMessage } from './messages.js';
import { pause, unlessAborted } from './pause.js';
import { oversized } from './read-object.js';
import { Refusal } from './refusal.js';
import type { Seal } from './seal.js';

/** Instead of a scheme: what follows is the name of an object. */
const blobMark = 255;
/** More than any seal adds to a body. */
const signatureBytesMax = 128;
const retryMs = 100;

/** What is sent for a body; a promise only where that has to be stored by itself. Throws a {@link Refusal} for one that nobody would take. */
export function bodyOf(
  broker: Broker,
  seal: Seal,
  subject: string,
  body: Buffer,
  signal: AbortSignal,
): Buffer | Promise<Buffer> {
  const { messageBytesMax } = broker;
  if (body.length > messageBytesMax) throw oversized(body.length, messageBytesMax);
  const sealed = seal.close(subject, body);
  if (sealed.length <= broker.inlineBytesMax) return sealed;
  // With its subject: the same value under another one is another object, and goes by itself.
  const name = createHash('sha256').update(subject).update(sealed).digest('hex');
  const sent = Buffer.concat([Buffer.of(blobMark), Buffer.from(name)]);
  return broker.objects.put(name, sealed, signal).then(() => sent);
}

/** The message in a body; a promise only where it has to be fetched. Throws a {@link Refusal}. */
export function openBody<T extends { readonly version: number }>(
  broker: Broker,
  seal: Seal,
  subject: string,
  data: Uint8Array,
): T | Promise<T> {
  if (isBlob(data)) return fetched(broker, data).then((sealed) => openMessage<T>(seal, subject, sealed));
  if (data.length > broker.messageBytesMax + signatureBytesMax) throw oversized(data.length, broker.messageBytesMax);
  return openMessage<T>(seal, subject, data);
}

/** As {@link openBody}, and tries until it has been fetched: for what can't be asked for again. */
export function openBodySurely<T extends { readonly version: number }>(
  broker: Broker,
  seal: Seal,
  subject: string,
  data: Uint8Array,
  signal: AbortSignal,
): T | Promise<T> {
  const opened = openBody<T>(broker, seal, subject, data);
  if (!(opened instanceof Promise)) return opened;
  return opened.catch(async (error: unknown) => {
    if (error instanceof Refusal) throw error;
    if (!(error instanceof LostConnection) && !isPassing(error))
      throw new Refusal('MALFORMED', `the object that the message names can't be read: ${(error as Error).message}`, {
        cause: error,
      });
    await (error instanceof LostConnection ? unlessAborted(error.back, signal) : pause(retryMs, signal));
    return openBodySurely<T>(broker, seal, subject, data, signal);
  });
}

/** The signed bytes, wherever they are. */
export async function sealedBytes(broker: Broker, data: Uint8Array): Promise<Uint8Array> {
  return isBlob(data) ? fetched(broker, data) : data;
}

/** The name of the object in which the body of that message is; `undefined` where it is in the message. */
export function objectOf(data: Uint8Array): string | undefined {
  return isBlob(data) ? nameIn(data) : undefined;
}

function isBlob(data: Uint8Array): boolean {
  return data[0] === blobMark;
}

function nameIn(data: Uint8Array): string | undefined {
  const name = Buffer.from(data.subarray(1)).toString();
  return /^[0-9a-f]{64}$/.test(name) ? name : undefined;
}

async function fetched(broker: Broker, data: Uint8Array): Promise<Uint8Array> {
  const name = nameIn(data);
  if (name === undefined) throw new Refusal('MALFORMED', 'the message names no object');
  return broker.objects.get(name, broker.messageBytesMax + signatureBytesMax);
}
