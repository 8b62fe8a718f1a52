/**
 * Workers of the inline host, with what lies between them and their executor in the world's hands: each message takes its
 * time, and workers die, or never come to life, where the plan of faults says so.
 */

import { InlineHost } from '../../src/hosts/inline.js';
import type {
  ToPool,
  Transfer,
  WorkerEvents,
  WorkerExit,
  WorkerHost,
  WorkerLink,
  WorkerSpec,
} from '../../src/pool/host.js';
import type { Claims } from '../../src/protocol/claims.js';
import type { ToWorker } from '../../src/protocol/messages.js';
import { type Death, exitOf, type FaultPlan } from './faults.js';
import type { World } from './world.js';

/** What has really happened, for the judgement afterwards. */
export interface Chronicle {
  /** Workers that died of a fault while they ran a task, and how. */
  readonly lost: { readonly task: string; readonly exit: WorkerExit }[];
  /** Tasks that could not be sent. */
  readonly refused: string[];
  /** Workers that ended before they had run a task, and those that were never ready. */
  readonly starts: { failed: number; silent: number };
  /** Workers alive. */
  living: number;
  /** How many faults there were of which the executor may only learn in time. */
  delays: number;
}

export class SimulatedHost implements WorkerHost {
  readonly kind = 'inline';
  readonly chronicle: Chronicle = { lost: [], refused: [], starts: { failed: 0, silent: 0 }, living: 0, delays: 0 };
  readonly world: World;
  readonly plan: FaultPlan;
  readonly #inner = new InlineHost();
  readonly #links = new Set<SimulatedLink>();

  constructor(world: World, plan: FaultPlan) {
    this.world = world;
    this.plan = (place) => {
      const fault = plan(place);
      if (fault !== undefined && place !== 'hand') this.chronicle.delays += 1;
      return fault;
    };
    world.addSource(() => [...this.#links].flatMap((link) => [...link.possible()]));
  }

  start(spec: WorkerSpec, events: WorkerEvents): WorkerLink {
    const fault = this.plan('start');
    if (fault?.how === 'throws') {
      this.chronicle.starts.failed += 1;
      throw new Error('no more workers');
    }
    this.chronicle.living += 1;
    const link = new SimulatedLink(this, events, () => {
      this.#links.delete(link);
      this.chronicle.living -= 1;
    });
    this.#links.add(link);
    link.connect((inner) => this.#inner.start(spec, inner));
    if (fault?.how === 'exits') link.die(fault.death);
    if (fault?.how === 'stays silent') {
      this.chronicle.starts.silent += 1;
      link.freeze();
    }
    return link;
  }

  copy(value: unknown): unknown {
    return structuredClone(value);
  }

  block(): void {
    throw new Error('nothing here blocks');
  }
}

class SimulatedLink implements WorkerLink {
  readonly systemId = undefined;
  readonly #host: SimulatedHost;
  readonly #events: WorkerEvents;
  readonly #onGone: () => void;
  #inner: WorkerLink | undefined;
  #state: 'living' | 'frozen' | 'dead' | 'gone' = 'living';
  readonly #toWorker: ToWorker[] = [];
  readonly #toExecutor: ToPool[] = [];
  #exit: WorkerExit | undefined;
  /** The names of the tasks that it was handed and has not answered. */
  readonly #tasks = new Map<number, string>();
  #hasAnswered = false;

  constructor(host: SimulatedHost, events: WorkerEvents, onGone: () => void) {
    this.#host = host;
    this.#events = events;
    this.#onGone = onGone;
  }

  connect(start: (events: WorkerEvents) => WorkerLink): void {
    this.#inner = start({
      onMessage: (message) => this.#emit(message),
      onExit: (exit) => this.#end(exit),
    });
  }

  get claims(): Claims {
    return (this.#inner as WorkerLink).claims;
  }

  /** What can happen to it next: messages arrive in order in each direction, and the end comes last. */
  *possible(): Iterable<() => void> {
    if (this.#toWorker.length > 0 && this.#state === 'living')
      yield () => this.#receive(this.#toWorker.shift() as ToWorker);
    const message = this.#toExecutor[0];
    const exit = this.#exit;
    if (message !== undefined) {
      yield () => {
        this.#toExecutor.shift();
        this.#events.onMessage(message);
      };
    } else if (exit !== undefined && this.#state !== 'gone') {
      yield () => {
        this.#state = 'gone';
        this.#onGone();
        this.#events.onExit(exit);
      };
    }
  }

  send(message: ToWorker, transfer: readonly Transfer[]): void {
    const tasks = message.kind === 'run' ? namesOf(message) : [];
    if (message.kind === 'run' && this.#host.plan('hand')?.how === 'throws') {
      if (tasks.length === 1) this.#host.chronicle.refused.push(tasks[0] as string);
      throw new DOMException('could not be cloned', 'DataCloneError');
    }
    const copy = structuredClone(message, { transfer: transfer as ArrayBuffer[] });
    if (message.kind === 'run') for (const [i, task] of tasks.entries()) this.#tasks.set(message.firstSeq + i, task);
    const fault = this.#host.plan('send');
    if (fault?.how === 'dies') this.die(fault.death);
    else if (this.#state !== 'dead') this.#toWorker.push(copy);
  }

  poll(): void {}

  terminate(): void {
    this.#end({ exitCode: null, signal: null, outOfMemory: false, stderr: '', error: undefined });
  }

  /** It does nothing any more, and is alive. */
  freeze(): void {
    this.#state = 'frozen';
  }

  die(death: Death): void {
    if (this.#state !== 'living') return;
    const exit = exitOf(death);
    const task = this.#running();
    if (task !== undefined) this.#host.chronicle.lost.push({ task, exit });
    else if (!this.#hasAnswered) this.#host.chronicle.starts.failed += 1;
    this.#end(exit);
  }

  #end(exit: WorkerExit): void {
    if (this.#state === 'dead' || this.#state === 'gone') return;
    this.#state = 'dead';
    this.#exit = exit;
    this.#toWorker.length = 0;
    this.#inner?.terminate();
  }

  #receive(message: ToWorker): void {
    const { plan } = this.#host;
    if (message.kind === 'run' && this.#running() === undefined && plan('take')?.how === 'freezes')
      return this.freeze();
    const fault = plan('receive');
    if (fault?.how === 'dies before') return this.die(fault.death);
    this.#inner?.send(message, []);
    this.#inner?.poll();
    if (fault?.how === 'dies after') this.die(fault.death);
  }

  #emit(message: ToPool): void {
    if (this.#state !== 'living') return;
    const fault = this.#host.plan('answer');
    if (fault?.how === 'dies before') return this.die(fault.death);
    this.#toExecutor.push(message);
    if (message.kind === 'done' || message.kind === 'failed' || message.kind === 'revoked') {
      if (message.kind !== 'revoked') this.#hasAnswered = true;
      this.#tasks.delete(message.seq);
    }
    if (fault?.how === 'dies after') this.die(fault.death);
  }

  #running(): string | undefined {
    for (const [seq, task] of this.#tasks) if (this.claims.hasStarted(seq)) return task;
    return undefined;
  }
}

function namesOf({ groups }: Extract<ToWorker, { kind: 'run' }>): string[] {
  return groups.flatMap(([, names, , , count]) =>
    typeof names === 'string' ? Array.from({ length: count }, () => names) : names,
  );
}
