/** What clients and servers of NATS say to each other, message by message: https://docs.nats.io/reference/reference-protocols/nats-protocol */

export interface Frame {
  /** `PUB`, `MSG`, `PING` and so on; a message with headers is one like any other. */
  readonly op: string;
  readonly subject: string;
  /** Where the answer is to go; empty where none is expected. */
  readonly reply: string;
  /** Headers and body. */
  readonly payload: Buffer;
  /** All of it, as it goes on. */
  readonly bytes: Buffer;
}

const lineEnd = Buffer.from('\r\n');
const nothing = Buffer.alloc(0);

/** Bytes of one direction of one connection → the messages that are whole so far. */
export class FrameReader {
  #rest: Buffer = nothing;

  read(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      const frame = this.#next();
      if (frame === undefined) return frames;
      this.#rest = this.#rest.subarray(frame.bytes.length);
      frames.push(frame);
    }
  }

  #next(): Frame | undefined {
    const end = this.#rest.indexOf(lineEnd);
    if (end === -1) return undefined;
    const [op = '', ...words] = this.#rest.toString('latin1', 0, end).split(/\s+/);
    const name = op.toUpperCase().replace(/^H(?=PUB|MSG)/, '');
    const isMessage = name === 'PUB' || name === 'MSG';
    const length = isMessage ? Number(words.at(-1)) + lineEnd.length : 0;
    const from = end + lineEnd.length;
    if (this.#rest.length < from + length) return undefined;
    const bytes = this.#rest.subarray(0, from + length);
    const payload = isMessage ? bytes.subarray(from, from + length - lineEnd.length) : nothing;
    // Subject, then for MSG the subscription, then perhaps where to answer, then one length, or two where there are headers.
    const numbers = op.toUpperCase().startsWith('H') ? 2 : 1;
    const before = name === 'MSG' ? 2 : 1;
    const reply = isMessage && words.length > before + numbers ? (words[before] ?? '') : '';
    return { op: name, subject: words[0] ?? '', reply, payload, bytes };
  }
}
