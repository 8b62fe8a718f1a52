/**
 * The steps of a task's life, as they are seen on the way between one party and the broker: each message has the name of its kind, for example
 * `> task` (a batch is sent to be stored), `< task: answer` (the broker has stored it), `< news` (the submitter hears an outcome).
 */

import type { Frame } from './frames.js';

/** To the broker, from it. */
export type Direction = '>' | '<';

/** How often they come depends on the time that passes, so only the first ones are steps. */
const isTimed = /presence|working|ask for work|look for tasks|consumer info|status/;

/** What the kinds of messages are called, by their subjects (the queue's name taken out). */
const kinds: readonly (readonly [RegExp, string])[] = [
  [/^cf\.Q\.task\./, 'task'],
  [/^cf\.Q\.res\./, 'news'],
  [/^cf\.Q\.code\./, 'code'],
  [/^cf\.Q\.(cancel|ask|presence)$/, '$1'],
  [/^\$JS\.API\.INFO$/, 'account'],
  [/^\$JS\.API\.CONSUMER\.MSG\.NEXT\.CF_Q_TASKS\./, 'ask for work'],
  [/^\$JS\.API\.CONSUMER\.MSG\.NEXT\.CF_Q_RESULTS\./, 'ask for news'],
  [/^\$JS\.API\.STREAM\.MSG\.GET\.(?:OBJ_)?CF_Q_(\w+)/, 'look for $1'],
  [/^\$JS\.API\.STREAM\.MSG\.DELETE\.(?:OBJ_)?CF_Q_(\w+)/, 'delete of $1'],
  [/^\$JS\.API\.DIRECT\.GET\.CF_Q_(\w+)/, 'read $1'],
  [/^\$JS\.API\.STREAM\.(\w+)\.(?:OBJ_)?CF_Q_(\w+)/, 'stream $1 $2'],
  [/^\$JS\.API\.CONSUMER\.(?:DURABLE\.)?(\w+)\.(?:OBJ_)?CF_Q_([A-Z]+)/, 'consumer $1 $2'],
  [/^\$O\.CF_Q_BLOBS\.C\./, 'chunk'],
  [/^\$O\.CF_Q_BLOBS\.M\./, 'object'],
  [/^\$JS\.FC\./, 'flow'],
];

const acknowledgements: Readonly<Record<string, string>> = {
  '+ACK': 'ack',
  '+WPI': 'working',
  '-NAK': 'nak',
  '+TER': 'term',
};

/** One connection's. */
export class StepNames {
  readonly #queue: string;
  /** What was asked, by where the answer goes. */
  readonly #asked = new Map<string, string>();

  constructor(queue: string) {
    this.#queue = queue;
  }

  /** The step that this message is; `undefined` for a sign of life of the connection itself. */
  of(direction: Direction, frame: Frame): string | undefined {
    const name = this.#kind(frame);
    return name && `${direction} ${name}`;
  }

  #kind(frame: Frame): string | undefined {
    switch (frame.op) {
      case 'INFO':
      case 'CONNECT':
      case 'UNSUB':
        return frame.op.toLowerCase();
      case 'SUB':
        return `subscribe ${this.#named(frame.subject) ?? 'inbox'}`;
      case 'PUB':
        return this.#sent(frame);
      case 'MSG':
        return this.#received(frame);
      default:
        return undefined;
    }
  }

  #sent({ subject, reply, payload }: Frame): string {
    const name = subject.startsWith('$JS.ACK.')
      ? (acknowledgements[payload.toString('latin1', 0, 4)] ?? 'next')
      : (this.#named(subject) ?? subject);
    if (reply !== '') this.#asked.set(reply, name);
    return name;
  }

  #received({ subject, payload }: Frame): string {
    const name = this.#named(subject);
    if (name !== undefined) return name;
    const asked = this.#asked.get(subject);
    if (asked === undefined) return 'inbox';
    // Said of a request, now and then: it has expired, or is still there.
    const isStatus = /^NATS\/1\.0 \d{3}/.test(payload.toString('latin1', 0, 12));
    return asked.startsWith('ask for') && isStatus ? 'status' : `${asked}: answer`;
  }

  #named(subject: string): string | undefined {
    const general = subject.replaceAll(this.#queue, 'Q');
    for (const [pattern, name] of kinds) {
      const found = pattern.exec(general);
      if (found !== null) return name.replace(/\$(\d)/g, (_, group) => (found[Number(group)] ?? '').toLowerCase());
    }
    return undefined;
  }
}

/** Whether the n-th message of a kind is a step of its own, or one that more time would bring more of. */
export function isStep(name: string, n: number): boolean {
  return n <= 2 || !isTimed.test(name);
}
