/**
 * Messages that the broker is to store, and its answers.
 *
 *   asked ──answered: stored, or why not──► settled          asked ──nobody is there, may not be asked, too late──► settled, with an error
 *
 * The client's own requests make a timer, a random token, and an error with its stack for each, whether or not anything goes wrong, which is a
 * tenth of the processor time of a worker that is given tasks one by one. The errors here are the client's own.
 */

import type { MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import type { Clients } from './clients.js';

/** As exactly is known when it is too late. */
const sweepMs = 250;

/** What the broker answers. */
export interface Stored {
  readonly seq: number;
  /** It has stored one of that id before, there, and not this one. */
  readonly duplicate?: boolean;
}

interface Asked {
  readonly subject: string;
  readonly until: number;
  resolve(stored: Stored): void;
  reject(error: unknown): void;
}

export class Requests {
  readonly #clients: Clients;
  readonly #connection: NatsConnection;
  readonly #inbox: string;
  readonly #asked = new Map<string, Asked>();
  #ids = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param inbox to which nothing else is sent */
  constructor(clients: Clients, connection: NatsConnection, inbox: string) {
    this.#clients = clients;
    this.#connection = connection;
    this.#inbox = inbox;
    connection.subscribe(`${inbox}.*`, {
      callback: (_, { subject, data, headers }) => {
        const asked = this.#asked.get(subject);
        if (asked === undefined) return;
        this.#asked.delete(subject);
        if (data.length === 0 && headers?.code === 503)
          asked.reject(new this.#clients.NoRespondersError(asked.subject));
        else this.#answered(asked, data);
      },
    });
    void this.#watch();
  }

  /** Throws what the client throws. */
  store(subject: string, body: Uint8Array, headers: MsgHdrs, timeoutMs: number): Promise<Stored> {
    return new Promise((resolve, reject) => {
      this.#ids += 1;
      const reply = `${this.#inbox}.${this.#ids}`;
      this.#connection.publish(subject, body, { reply, headers });
      this.#asked.set(reply, { subject, until: performance.now() + timeoutMs, resolve, reject });
      this.#timer ??= setInterval(() => this.#sweep(), sweepMs);
    });
  }

  #answered({ resolve, reject }: Asked, data: Uint8Array): void {
    try {
      const answer = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString()) as Stored & {
        readonly error?: ConstructorParameters<Clients['JetStreamApiError']>[0];
      };
      if (answer.error === undefined) resolve(answer);
      else reject(new this.#clients.JetStreamApiError(answer.error));
    } catch (error) {
      reject(error);
    }
  }

  #sweep(): void {
    const now = performance.now();
    this.#rejectIf(
      ({ until }) => until < now,
      () => new this.#clients.TimeoutError(),
    );
    if (this.#asked.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The broker does not say of which message it does not allow its subject. */
  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type !== 'error') continue;
      const { error } = status;
      if (error instanceof this.#clients.PermissionViolationError)
        this.#rejectIf(
          ({ subject }) => error.operation === 'publish' && subject === error.subject,
          () => error,
        );
    }
    this.#rejectIf(
      () => true,
      () => new this.#clients.ClosedConnectionError(),
    );
    clearInterval(this.#timer);
  }

  #rejectIf(condition: (asked: Asked) => boolean, error: () => unknown): void {
    for (const [reply, asked] of this.#asked) {
      if (!condition(asked)) continue;
      this.#asked.delete(reply);
      asked.reject(error());
    }
  }
}
