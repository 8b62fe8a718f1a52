/**
 * Which task goes to which worker, and when.
 *
 *   queue ──share──► a worker's hands (as many as its allowance) ──held up behind a long task──► queue
 *
 * Everything submitted in one turn of the event loop is handed over together when the turn ends.
 */

import { Allowance } from './allowance.js';
import type { Clock } from './clock.js';
import type { Crew } from './crew.js';
import { TaskQueue } from './queue.js';
import type { PoolSettings } from './settings.js';
import type { WorkerSlot } from './slot.js';
import type { Task } from './task.js';
import { dozeMs, Wakefulness } from './wakefulness.js';

/** Work that is worth taking back for a worker that idles, in milliseconds: several times what the messages for it take. */
const worthMs = 0.5;
/** How long a task may run before what its worker holds behind it goes elsewhere, and before it is given no more. */
const heldUpAfterMs = 5;
/** What is left of its hand when it is filled up again: otherwise each answer would send one task, and each message one answer. */
const refillBelow = 0.5;
/** Who holds so many tasks, of so many milliseconds together, does not run dry while this thread dozes: the half of it lasts as long as that. */
const dozeHand = { tasks: 4, ms: 2 * dozeMs };

export class Dispatcher {
  readonly #crew: Crew;
  readonly #settings: PoolSettings;
  readonly #clock: Clock;
  /** The task's arguments can't be copied. */
  readonly #onRefused: (task: Task, cause: unknown) => void;
  /** That worker was handed tasks with a time limit, or some whose modules it has to load. */
  readonly #onLimited: (slot: WorkerSlot, loads: boolean) => void;
  readonly #queue = new TaskQueue<Task>();
  readonly #allowance: Allowance;
  readonly #wakefulness: Wakefulness;
  #state: 'open' | 'closed' = 'open';
  #isDue = false;
  #rebalanceIsDue = false;
  /** Once tasks have differed in priority they are handed over one at a time, so that the next is always the highest. */
  #ordersByPriority = false;

  constructor(
    crew: Crew,
    settings: PoolSettings,
    clock: Clock,
    on: { refused: (task: Task, cause: unknown) => void; limited: (slot: WorkerSlot, loads: boolean) => void },
  ) {
    this.#crew = crew;
    this.#settings = settings;
    this.#clock = clock;
    this.#onRefused = on.refused;
    this.#onLimited = on.limited;
    this.#allowance = new Allowance(settings.prefetch);
    this.#wakefulness = new Wakefulness(clock, {
      watch: (isAwake) => {
        for (const slot of crew.slots) slot.link?.watch?.(isAwake);
      },
      look: () => {
        for (const slot of crew.slots) slot.link?.look?.();
      },
      lookOut: (isWanted) => {
        for (const slot of crew.slots) slot.link?.lookOut?.(isWanted);
      },
    });
  }

  get queued(): Iterable<Task> {
    return this.#queue;
  }

  get length(): number {
    return this.#queue.length;
  }

  push(task: Task): void {
    if (task.priority !== 0) this.#ordersByPriority = true;
    task.place = 'queued';
    this.#queue.push(task);
    this.dispatchSoon();
  }

  remove(task: Task): void {
    this.#queue.remove(task);
  }

  /** Puts unstarted tasks back where they came from. */
  putBack(tasks: readonly Task[]): void {
    for (const task of [...tasks].reverse()) {
      task.place = 'queued';
      task.holder = undefined;
      this.#queue.putBack(task);
      if (task.isUnwanted) task.cancelUnlessRunning();
    }
    this.dispatchSoon();
  }

  /** A task took that long. */
  measured(runMs: number): void {
    this.#allowance.measured(runMs);
    this.#wakefulness.answered();
  }

  /** Nobody waits for an answer any more. */
  rest(): void {
    // A worker may be stopping a task that was given up: its answer needs a ring.
    if (this.#owes(0)) this.#wakefulness.rest();
    else this.#wakefulness.sleep();
  }

  /** Hands nothing over any more. */
  close(): void {
    this.#state = 'closed';
  }

  /** Hands over what is queued, as far as there is somebody to take it. */
  dispatch(): void {
    if (this.#state === 'closed') return;
    if (this.#queue.length > 0) {
      this.#startWhatIsNeeded();
      this.#handOut();
    }
    if (this.#queue.length === 0) {
      this.#wakefulness.endDoze();
      this.#shareTheRest();
      this.#rebalanceLater();
    }
  }

  /** Hands over at the end of the code that runs now. */
  dispatchSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.soon(() => {
      this.#isDue = false;
      this.dispatch();
    });
  }

  #startWhatIsNeeded(): void {
    let available = 0;
    for (const slot of this.#crew.slots) {
      if (slot.state === 'starting' || (slot.isIdle && !this.#crew.isSpent(slot))) available += 1;
    }
    for (; available < this.#queue.length && this.#crew.hasRoom; available++) {
      if (this.#crew.start()) continue;
      // Tried again from the next turn on; the crew counts, and gives up in the end.
      this.dispatchSoon();
      return;
    }
  }

  /** Fills the hands of every worker that has room, sharing what is queued between them. */
  #handOut(): void {
    const allowance = this.#ordersByPriority ? 1 : this.#allowance.tasks;
    const open: WorkerSlot[] = [];
    const nextTurn = this.#queue.first?.turn ?? 0;
    for (const slot of this.#crew.slots) if (this.#roomOf(slot, allowance, nextTurn) > 0) open.push(slot);
    if (open.length > 1) open.sort((a, b) => a.unanswered - b.unanswered);
    for (const [i, slot] of open.entries()) {
      const share = Math.ceil(this.#queue.length / (open.length - i));
      this.#hand(slot, this.#takeFromQueue(Math.min(share, this.#roomOf(slot, allowance, nextTurn))));
    }
    const outlastsDoze = allowance >= dozeHand.tasks && this.#allowance.handMs >= dozeHand.ms;
    if (this.#queue.length > 0 && outlastsDoze) this.#wakefulness.doze();
  }

  #roomOf(slot: WorkerSlot, allowance: number, nextTurn: number): number {
    if (slot.state !== 'ready') return 0;
    // Behind one that came later it would have to wait for that one, which may itself wait for it.
    if (slot.unanswered > 0 && slot.lastTurn > nextTurn) return 0;
    if (slot.unanswered > allowance * refillBelow || (slot.unanswered > 0 && this.#isHeldUp(slot))) return 0;
    return Math.min(allowance - slot.unanswered, this.#settings.maxTasksPerWorker - slot.taken);
  }

  #takeFromQueue(count: number): Task[] {
    const tasks: Task[] = [];
    while (tasks.length < count) {
      const task = this.#queue.take();
      if (task === undefined) break;
      tasks.push(task);
    }
    return tasks;
  }

  #hand(slot: WorkerSlot, tasks: readonly Task[]): void {
    if (tasks.length === 0) return;
    let loads = false;
    try {
      loads = slot.hand(tasks, slot.link?.isToldOfLone && tasks.length === 1 && this.#isLoneNext());
    } catch (cause) {
      const [task] = tasks as readonly [Task];
      if (tasks.length === 1) {
        task.place = 'waiting';
        this.#onRefused(task, cause);
        // Its worker is still free, and no answer will come to say so.
        this.dispatchSoon();
      } else {
        // Some task of the batch can't be copied: one by one, only that one fails.
        for (const single of tasks) this.#hand(slot, [single]);
      }
      return;
    }
    if (this.#allowance.isTiny) this.#wakefulness.expectAnswer(this.#owes(1));
    else this.#wakefulness.expectRing();
    if (loads || tasks.some((task) => Number.isFinite(task.settings.timeoutMs))) this.#onLimited(slot, loads);
  }

  /** Whether a tiny task that is handed over now is the only one that is owed, and waited for awake, with a core for its worker beside. */
  #isLoneNext(): boolean {
    return this.#settings.processors > 1 && this.#allowance.isTiny && this.#wakefulness.awaitsLone && this.#owes(0);
  }

  #owes(count: number): boolean {
    let owed = 0;
    for (const slot of this.#crew.slots) owed += slot.unanswered;
    return owed === count;
  }

  /** So that workers finish together: whoever idles when nothing is queued any more gets half of what another one holds. */
  #shareTheRest(): void {
    if (this.#allowance.typicalMs === 0 || !this.#crew.hasIdle) return;
    let most = 1;
    let from: WorkerSlot | undefined;
    for (const slot of this.#crew.slots) {
      if (slot.state !== 'ready' || slot.unanswered <= most) continue;
      const held = slot.tasks.length;
      if (held > most) [most, from] = [held, slot];
    }
    const count = Math.floor(most / 2);
    if (from === undefined || count * this.#allowance.typicalMs < worthMs) return;
    const tasks = from.takeBackUnstarted(count);
    if (tasks.length > 0) this.putBack(tasks);
  }

  /** No head-of-line blocking: what waits behind a long task goes to another worker, idle or yet to be started. */
  #rebalanceLater(): void {
    if (this.#rebalanceIsDue || !this.#someMayBeHeldUp()) return;
    if (!this.#crew.hasIdle && !this.#crew.hasRoom) return;
    this.#rebalanceIsDue = true;
    this.#clock.after(heldUpAfterMs, () => {
      this.#rebalanceIsDue = false;
      for (const slot of this.#crew.slots) {
        slot.look(this.#clock.now());
        if (this.#isHeldUp(slot)) this.putBack(slot.takeBackUnstarted());
      }
      this.dispatch();
    });
  }

  #someMayBeHeldUp(): boolean {
    for (const slot of this.#crew.slots) {
      if (slot.unanswered > 1 || (slot.unanswered === 1 && !slot.isStuck && slot.isWaiting)) return true;
    }
    return false;
  }

  #isHeldUp(slot: WorkerSlot): boolean {
    if (slot.isStuck) return true;
    const since = slot.runningSince;
    return since !== undefined && this.#clock.now() - since.atMs >= heldUpAfterMs;
  }
}
