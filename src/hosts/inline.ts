/**
 * A worker in this very thread: tasks run on its event loop, one at a time, on copies of their arguments.
 *
 * It can't be stopped from outside, so ending it aborts its task's signal and forgets it: whatever it still answers
 * goes unheard.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { DeadlockError } from '../errors.js';
import { handleById } from '../functions/handle.js';
import type { Callable } from '../functions/revive.js';
import { withTypeScript } from '../functions/typescript.js';
import type { ToPool, Transfer, WorkerEvents, WorkerHost, WorkerLink, WorkerSpec } from '../pool/host.js';
import { SharedClaims } from '../protocol/claims.js';
import type { ToWorker } from '../protocol/messages.js';
import { type CurrentTask, setWorkerScope, type WorkerScope, workerScope } from '../worker/current.js';
import type { RunningTask } from '../worker/running-task.js';
import { Runtime } from '../worker/runtime.js';

export class InlineHost implements WorkerHost {
  readonly kind = 'inline';
  readonly #links = new Set<InlineLink>();

  start(_spec: WorkerSpec, events: WorkerEvents): WorkerLink {
    const link = new InlineLink(this, events, () => this.#links.delete(link));
    this.#links.add(link);
    return link;
  }

  isInside(): boolean {
    return placeInside()?.host === this;
  }

  inside(): { readonly link: WorkerLink; readonly seq: number } | undefined {
    return placeInside();
  }

  copy(value: unknown): unknown {
    return structuredClone(value);
  }

  block(): void {
    for (const link of this.#links) if (link.hasWork) return;
    throw new DeadlockError(
      'an asynchronous task of an inline executor needs the event loop of this very thread. Use await.',
    );
  }
}

interface Place {
  readonly host: InlineHost;
  readonly link: WorkerLink;
  readonly seq: number;
}

/** Where each task of any inline host runs. */
const places = new WeakMap<CurrentTask, Place>();

function placeInside(): Place | undefined {
  const task = inlineScope?.currentTask();
  return task && places.get(task);
}

/** The outer scope stays in charge outside of tasks: an inline executor may be used inside a worker. */
class InlineScope implements WorkerScope {
  readonly isWorker: boolean;
  readonly depth: number;
  readonly processors: number | undefined;
  importing: string | undefined;
  readonly #storage = new AsyncLocalStorage<RunningTask>();
  readonly #outer: WorkerScope | undefined;

  constructor(outer: WorkerScope | undefined) {
    this.#outer = outer;
    this.isWorker = outer?.isWorker ?? false;
    this.depth = outer?.depth ?? 0;
    this.processors = outer?.processors;
  }

  currentTask(): CurrentTask | undefined {
    const task = this.#storage.getStore();
    return task === undefined || task.isOver ? this.#outer?.currentTask() : task;
  }

  runAs(task: RunningTask, fn: Callable, args: readonly unknown[]): unknown {
    return this.#storage.run(task, fn, ...args);
  }
}

let inlineScope: InlineScope | undefined;

function sharedScope(): InlineScope {
  if (inlineScope === undefined) {
    inlineScope = new InlineScope(workerScope());
    setWorkerScope(inlineScope);
  }
  return inlineScope;
}

class InlineLink implements WorkerLink {
  readonly claims = new SharedClaims(new SharedArrayBuffer(SharedClaims.byteLength));
  readonly systemId = undefined;
  readonly #events: WorkerEvents;
  readonly #runtime: Runtime;
  readonly #onEnd: () => void;
  #inbox: ToWorker[] = [];
  #isDue = false;
  #isGone = false;

  constructor(host: InlineHost, events: WorkerEvents, onEnd: () => void) {
    this.#events = events;
    this.#onEnd = onEnd;
    const scope = sharedScope();
    this.#runtime = new Runtime(
      {
        claimant: this.claims,
        send: (message) => {
          const copy = structuredClone(message);
          // Nobody asks this one for what it has printed.
          if (!this.#isGone) this.#events.onMessage(copy as ToPool);
        },
        copy: structuredClone,
        importModule: withTypeScript(
          // Bundlers would look for what it might import, and find nothing.
          (url) => import(/* webpackIgnore: true */ /* @vite-ignore */ url) as Promise<Record<string, unknown>>,
        ),
        localFunction,
        runAs: (task, fn, args) => {
          places.set(task, { host, link: this, seq: task.seq });
          return scope.runAs(task, fn, args);
        },
        setUp: (start) => start(),
        residentBytes: () => 0,
        exit: () => this.#end(0),
      },
      scope,
    );
  }

  /** Whether `poll` would get anything done. */
  get hasWork(): boolean {
    return this.#inbox.length > 0 || this.#runtime.isBreathing;
  }

  send(message: ToWorker, transfer: readonly Transfer[]): void {
    this.#inbox.push(structuredClone(message, { transfer: transfer as ArrayBuffer[] }));
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => this.poll());
  }

  poll(): void {
    this.#isDue = false;
    const messages = this.#inbox;
    this.#inbox = [];
    if (this.#runtime.isBreathing) this.#runtime.runBacklog();
    for (const message of messages) if (!this.#isGone) this.#runtime.receive(message);
  }

  terminate(): void {
    this.#runtime.abandon();
    setImmediate(() => this.#end(null));
  }

  #end(exitCode: number | null): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#onEnd();
    this.#events.onExit({ exitCode, signal: null, outOfMemory: false, stderr: '', error: undefined });
  }
}

/** What a worker would import or find by name is this thread's own function; only what travels by value is made anew. */
function localFunction(id: number): Callable | undefined {
  const handle = handleById(id);
  if (handle === undefined || handle.portable.kind === 'value' || handle.isPlaceholder) return undefined;
  return handle.original as Callable;
}
