/**
 * Messages on a byte stream: four bytes of length, one of format, then the message.
 *
 * In general a message is written as V8 serializes it, which is structured clone. (The serializer that Node uses for its own
 * channel between processes drops the sharing of buffers and turns what it does not know into plain objects.) Setting that up
 * costs about 25 µs for both sides, far more than a tiny task, so a message that holds nothing but what JSON keeps
 * exactly is written as JSON, in about 3 µs.
 */

import { constants } from 'node:buffer';
import { Deserializer, Serializer } from 'node:v8';
import type { FromWorker, ToWorker } from './messages.js';
import { bellMessage } from './outcomes.js';
import { TooLong } from './values.js';

const headerBytes = 5;
/** What the length can tell; one buffer of Node 20 holds hardly more. */
const sizeMax = Math.min(2 ** 32 - 1, constants.MAX_LENGTH - headerBytes);
const formats = { v8: 0, json: 1 } as const;

/** One frame. Throws what structured clone throws, and {@link TooLong}. */
export function encodeFrame(message: ToWorker | FromWorker | typeof bellMessage): Buffer {
  return (message === bellMessage || isJson(message) ? jsonFrame(message) : undefined) ?? v8Frame(message);
}

/** Bytes with their length in front, for the text that a child reads before it knows of frames. */
export function withLength(bytes: Buffer): Buffer {
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(bytes.length, 0);
  return Buffer.concat([length, bytes]);
}

/** Copies a value as a frame would. */
export function copyByFrame(value: unknown): unknown {
  return decode(v8Frame(value));
}

/** `undefined` for a text that JSON makes longer than a string can be. */
function jsonFrame(message: unknown): Buffer | undefined {
  let text: string;
  try {
    text = JSON.stringify(message);
  } catch {
    // Nothing else can fail, since there is no code to run in primitives.
    return undefined;
  }
  const size = Buffer.byteLength(text);
  const frame = newFrame(size, formats.json);
  frame.write(text, headerBytes);
  return frame;
}

function v8Frame(value: unknown): Buffer {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(value);
  const payload = releaseBuffer(serializer);
  const frame = newFrame(payload.length, formats.v8);
  payload.copy(frame, headerBytes);
  return frame;
}

function releaseBuffer(serializer: Serializer): Buffer {
  try {
    return serializer.releaseBuffer();
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? new TooLong(undefined, sizeMax) : error;
  }
}

function newFrame(size: number, format: number): Buffer {
  if (size > sizeMax) throw new TooLong(size, sizeMax);
  const frame = Buffer.allocUnsafe(headerBytes + size);
  frame.writeUInt32LE(size, 0);
  frame[4] = format;
  return frame;
}

function decode(frame: Buffer): unknown {
  if (frame[4] === formats.json) return JSON.parse(frame.toString('utf8', headerBytes));
  const deserializer = new Deserializer(frame.subarray(headerBytes));
  deserializer.readHeader();
  return deserializer.readValue();
}

/** A message that is there and can't be read. */
export class Unreadable {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

function decodeOr(frame: Buffer): unknown {
  try {
    return decode(frame);
  } catch (cause) {
    return new Unreadable(cause);
  }
}

/** Whether JSON gives the message back exactly as it was. */
function isJson(message: ToWorker | FromWorker): boolean {
  switch (message.kind) {
    case 'done':
      // A field that is undefined is left out, and read as undefined again.
      return message.value === undefined || isJsonValue(message.value);
    case 'run':
      return (
        message.code === undefined &&
        message.groups.every(([, , , , , , values, context]) => context === undefined && values.every(isJsonValue))
      );
    case 'revoked':
    case 'retire':
    case 'flush':
    case 'flushing':
    case 'flushed':
    case 'heavy':
    case 'ready':
      return true;
    default:
      return false;
  }
}

/** Primitives only: objects could hold, or be, what JSON changes. */
function isJsonValue(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === 'string' || typeof value === 'boolean' || value === null;
}

/** Cuts a stream of chunks into messages. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;

  /** The messages that are complete with this chunk; an {@link Unreadable} in the place of one that can't be decoded. */
  *push(chunk: Buffer): IterableIterator<unknown> {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    for (;;) {
      const size = this.#nextSize();
      if (size === undefined || this.#length < size) return;
      const whole = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
      const rest = whole.subarray(size);
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#length = rest.length;
      yield decodeOr(whole.subarray(0, size));
    }
  }

  /** The bytes of the next frame, header included; `undefined` while too little of it is here to tell. */
  #nextSize(): number | undefined {
    if (this.#length < headerBytes) return undefined;
    // The length itself may come in pieces: rare enough to put everything together for it.
    if ((this.#chunks[0] as Buffer).length < headerBytes) this.#chunks = [Buffer.concat(this.#chunks)];
    return headerBytes + (this.#chunks[0] as Buffer).readUInt32LE(0);
  }
}
