/**
 * Messages on a byte stream: four bytes of length, then the message as V8 serializes it, which is structured clone.
 *
 * V8's plain serializer keeps what structured clone keeps; the one that Node uses for its own channel between
 * processes drops the sharing of buffers and turns what it does not know into plain objects.
 */

import { Deserializer, Serializer } from 'node:v8';

const headerBytes = 4;

/** One frame. Throws what structured clone throws. */
export function encodeFrame(message: unknown): Buffer {
  const serializer = new Serializer();
  serializer.writeHeader();
  serializer.writeValue(message);
  const payload = serializer.releaseBuffer();
  const frame = Buffer.allocUnsafe(headerBytes + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  payload.copy(frame, headerBytes);
  return frame;
}

/** A frame that carries raw bytes. */
export function rawFrame(bytes: Buffer): Buffer {
  const header = Buffer.allocUnsafe(headerBytes);
  header.writeUInt32LE(bytes.length, 0);
  return Buffer.concat([header, bytes]);
}

export function copyByFrame(value: unknown): unknown {
  return decodePayload(encodeFrame(value).subarray(headerBytes));
}

function decodePayload(payload: Buffer): unknown {
  const deserializer = new Deserializer(payload);
  deserializer.readHeader();
  return deserializer.readValue();
}

/** Cuts a stream of chunks into messages. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;

  /** The messages that are complete with this chunk. */
  *push(chunk: Buffer): IterableIterator<unknown> {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    for (;;) {
      const size = this.#nextSize();
      if (size === undefined || this.#length < headerBytes + size) return;
      const whole = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
      const rest = whole.subarray(headerBytes + size);
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#length = rest.length;
      yield decodePayload(whole.subarray(headerBytes, headerBytes + size));
    }
  }

  #nextSize(): number | undefined {
    if (this.#length < headerBytes) return undefined;
    const [first] = this.#chunks as [Buffer];
    if (first.length >= headerBytes) return first.readUInt32LE(0);
    // The length itself came in pieces: rare enough to put everything together for it.
    this.#chunks = [Buffer.concat(this.#chunks)];
    return (this.#chunks[0] as Buffer).readUInt32LE(0);
  }
}
