/**
 * Looking out for the next task for a moment before the thread sleeps.
 *
 *   asleep in its event loop ──message──► running ──nothing left──► looking ──mail──► running
 *                    ▲                                                 └──nothing came──┐
 *                    └──────────────────────────────────────────────────────────────────┘
 *
 * To wake a sleeping thread takes 30 to 50 µs, which is most of what a lone call costs. Whoever awaits one call after another
 * sends the next within a few microseconds, so a thread that still looks has it at once. It looks only while a core is free for
 * that, and less and less where it does not pay off.
 */

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { MailWords, PoolWords } from '../protocol/thread-data.js';
import { Chances } from './chances.js';

/** Far longer than an awaiting caller takes to send the next task, and no burden when in vain. */
export const lookMs = 0.05;
/** Then the thread's own timers and I/O have a turn, even if there is always mail. */
const breatheAfterMs = 20;

export class LookOut<M> {
  readonly #port: MessagePort;
  readonly #mail: MailWords;
  readonly #pool: PoolWords;
  readonly #cores: number;
  readonly #receive: (message: M) => void;
  /** Whether the worker has nothing to do, and waits for nothing of its own. */
  readonly #isIdle: () => boolean;
  readonly #chances = new Chances();

  constructor(
    port: MessagePort,
    words: { readonly mail: MailWords; readonly pool: PoolWords },
    cores: number,
    receive: (message: M) => void,
    isIdle: () => boolean,
  ) {
    this.#port = port;
    this.#mail = words.mail;
    this.#pool = words.pool;
    this.#cores = cores;
    this.#receive = receive;
    this.#isIdle = isIdle;
  }

  /** Takes a message that the event loop brought, and what comes right behind it. */
  onMessage(message: M): void {
    this.#mail.isAwake = true;
    this.#pool.wake();
    try {
      this.#receive(message);
      const breatheAt = performance.now() + breatheAfterMs;
      while (this.#isIdle() && performance.now() < breatheAt && this.#seesMail()) this.#takeMail();
    } finally {
      this.#pool.sleep();
      this.#mail.isAwake = false;
    }
  }

  #takeMail(): void {
    for (let next = receiveMessageOnPort(this.#port); next !== undefined; next = receiveMessageOnPort(this.#port)) {
      this.#receive(next.message as M);
    }
  }

  /** Looks for a moment, where that is worth it. */
  #seesMail(): boolean {
    if (this.#mail.take()) return true;
    // The executor's own thread needs a core, too.
    if (!this.#pool.looksOut || this.#pool.awake + 1 > this.#cores) return false;
    if (!this.#chances.take()) return false;
    const until = performance.now() + lookMs;
    do {
      if (this.#mail.take()) {
        this.#chances.learn(true);
        return true;
      }
    } while (performance.now() < until);
    this.#chances.learn(false);
    return false;
  }
}
