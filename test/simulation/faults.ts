/** What can go wrong between an executor and its workers, and where. */

import type { WorkerExit } from '../../src/pool/host.js';

export const faults = [
  // A worker is to be started.
  { at: 'start', how: 'throws' },
  { at: 'start', how: 'exits' },
  { at: 'start', how: 'stays silent' },
  // Tasks are to be handed over.
  { at: 'hand', how: 'throws' },
  // A worker that runs nothing is about to get tasks, and will never look at them.
  { at: 'take', how: 'freezes' },
  // Any message to a worker: it dies before the message is on its way; before, or right after, it has it.
  { at: 'send', how: 'dies' },
  { at: 'receive', how: 'dies before' },
  { at: 'receive', how: 'dies after' },
  // Any message of a worker: it dies before it has sent it, or right after.
  { at: 'answer', how: 'dies before' },
  { at: 'answer', how: 'dies after' },
] as const;

export type Fault = (typeof faults)[number];
type Place = Fault['at'];

export const deaths = ['exit 3', 'SIGKILL'] as const;
export type Death = (typeof deaths)[number];

export function exitOf(death: Death): WorkerExit {
  const [exitCode, signal] = death === 'exit 3' ? [3, null] : ([null, 'SIGKILL'] as const);
  return { exitCode, signal, outOfMemory: false, stderr: '', error: undefined };
}

/** Asked at each place, in order; says what goes wrong there. */
export type FaultPlan = (place: Place) => { readonly how: Fault['how']; readonly death: Death } | undefined;

export const noFaults: FaultPlan = () => undefined;

/** That fault at its N-th place, from 1. */
export class FaultAt {
  readonly #fault: Fault;
  readonly #death: Death;
  #left: number;

  constructor(fault: Fault, death: Death, n: number) {
    this.#fault = fault;
    this.#death = death;
    this.#left = n;
  }

  get isMet(): boolean {
    return this.#left <= 0;
  }

  readonly plan: FaultPlan = (place) => {
    if (place !== this.#fault.at) return undefined;
    this.#left -= 1;
    return this.#left === 0 ? { how: this.#fault.how, death: this.#death } : undefined;
  };
}
