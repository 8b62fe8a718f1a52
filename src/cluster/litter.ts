/**
 * Messages at the broker that are of no use to anybody any more.
 *
 *   add ──► waits ──nothing else to do, or too much of it──► deleted, a few at a time
 *   addObjects ──► waits ──all that names them is deleted──► the pieces that each is stored in ──► deleted likewise
 *
 * Deleting costs the broker as much as storing, so it waits for a quiet moment; but what is kept counts against the room that a stream has, and
 * when that is used up, no outcome can be stored.
 */

import type { Broker } from './broker.js';
import { pause } from './pause.js';

/** A small part of the room of a stream (1 GiB by default), which many submitters may share. */
const bytesMax = 16 * 1024 * 1024;
const piecesMax = 20_000;
/** Of half a megabyte at least. */
const objectsMax = 16;
/** All at once they would make the broker deaf to others for a moment; from 10,000 on, some drop what they were asked. */
const atOnce = 64;
const retryMs = 1000;

interface Piece {
  readonly stream: string;
  readonly seq: number;
}

export class Litter {
  #pieces: Piece[] = [];
  #objects: string[] = [];
  #bytes = 0;
  #isRelieving = false;
  #clearing: Promise<boolean> = Promise.resolve(true);

  add(...pieces: readonly Piece[]): void {
    this.#pieces.push(...pieces);
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
  async relieve(broker: Broker, signal: AbortSignal): Promise<void> {
    if (this.#isRelieving) return;
    this.#isRelieving = true;
    try {
      while (this.#bytes > bytesMax || this.#pieces.length > piecesMax || this.#objects.length > objectsMax)
        if (!(await this.clear(broker))) await pause(retryMs, signal);
    } catch {
      // It has been told to stop.
    } finally {
      this.#isRelieving = false;
    }
  }

  /** Deletes what there is, once what is being deleted is gone; `false` where the broker does not answer. */
  clear(broker: Broker): Promise<boolean> {
    this.#clearing = this.#clearing.then(() => this.#clearNow(broker));
    return this.#clearing;
  }

  async #clearNow(broker: Broker): Promise<boolean> {
    const objects = this.#objects;
    this.#objects = [];
    if (!(await this.#clearPieces(broker))) {
      this.#objects.push(...objects);
      return false;
    }
    const stream = broker.names.blobStream;
    for (const [i, object] of objects.entries()) {
      const seqs = await broker.objects.pieces(object).catch(() => undefined);
      if (seqs === undefined) {
        this.#objects.push(...objects.slice(i));
        return false;
      }
      this.add(...seqs.map((seq) => ({ stream, seq })));
    }
    return objects.length === 0 || (await this.#clearPieces(broker));
  }

  async #clearPieces(broker: Broker): Promise<boolean> {
    const pieces = this.#pieces;
    const bytes = this.#bytes;
    this.#pieces = [];
    this.#bytes = 0;
    let isHeard = true;
    let next = 0;
    const lane = async (): Promise<void> => {
      while (isHeard && next < pieces.length) {
        const { stream, seq } = pieces[next++] as Piece;
        if ((await broker.delete(stream, seq)) === undefined) isHeard = false;
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    if (isHeard) return true;
    // Those that were asked for last may be gone: to ask once more does no harm.
    this.#pieces = [...pieces.slice(Math.max(0, next - atOnce)), ...this.#pieces];
    this.#bytes += bytes;
    return false;
  }
}
