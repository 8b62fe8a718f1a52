/**
 * What a submitter of a cluster has to do with, simulated: its way to the broker, the broker, and the workers, each of which does its next step
 * when the world says so, and now and then something else.
 *
 *   sent ──► stored ──► held by a worker ──news, in order──► told
 *     ├──not sendable, not in one message──► (said)  └──the worker dies──► stored
 *     └──the connection is not there yet──► sent     stored ──lost, refused──► (said)
 */

import type { Batch } from '../../src/cluster/batch.js';
import { copyByWire } from '../../src/cluster/codec.js';
import type { LinkEvents } from '../../src/cluster/link.js';
import type { News } from '../../src/cluster/messages.js';
import type { Task } from '../../src/pool/task.js';
import { encodeError } from '../../src/protocol/errors.js';
import type { World } from './world.js';

/** `gives back` what it was given: an item of a map, or several. */
export type Deed = 'answers' | 'throws' | 'failsOnce' | 'neverEnds' | 'gives back';

export const accidents = ['unsuited', 'unsendable', 'no code', 'refused', 'lost', 'dies', 'broken'] as const;
export type Accident = (typeof accidents)[number];

interface Held {
  readonly batch: Batch;
  readonly names: readonly string[];
  readonly settled: Set<number>;
  index: number;
  isRunning: boolean;
}

export interface SimulatedLinkOf {
  readonly world: World;
  readonly events: LinkEvents;
  /** What the task of that name does. */
  readonly deedOf: (name: string) => Deed;
  /** Whether that happens here. */
  readonly happens: (accident: Accident) => boolean;
}

export class SimulatedLink {
  slots = 1;
  /** How often each task was started, by its name. */
  readonly starts = new Map<string, number>();
  /** What has happened to tasks, by their names. */
  readonly accidents = new Map<string, Set<Accident>>();
  /** Of tasks that a worker may have, by their names. */
  readonly stored = new Set<string>();
  readonly forgotten: string[] = [];
  isClosed = false;
  isBroken = false;
  readonly #of: SimulatedLinkOf;
  #state: 'away' | 'opening' | 'open' = 'away';
  #ids = 0;
  readonly #sent: Batch[] = [];
  #waiting: Held[] = [];
  readonly #held: Held[] = [];
  readonly #news: (() => void)[] = [];
  readonly #cancelled = new Map<string, Set<number>>();

  constructor(of: SimulatedLinkOf) {
    this.#of = of;
    of.world.addSource(() => this.#possible());
  }

  newId(): string {
    this.#ids += 1;
    return `batch-${this.#ids}`;
  }

  open(): void {
    if (this.isClosed) throw new Error('the link is opened, and was closed');
    if (this.#state === 'away') this.#state = 'opening';
  }

  async opened(): Promise<void> {}

  rest(): void {
    if (this.#of.events.isIdle() && this.#of.world.chance.happens(0.5)) this.#state = 'away';
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  send(batch: Batch): void {
    this.open();
    this.#sent.push(batch);
  }

  cancel(batch: Batch, index: number): void {
    const told = this.#cancelled.get(batch.id) ?? new Set();
    // It takes a while, as everything does.
    this.#later(() => told.add(index));
    this.#cancelled.set(batch.id, told);
  }

  forget(batch: Batch): void {
    this.forgotten.push(batch.id);
  }

  forgetCode(): void {}

  workers(): [] {
    return [];
  }

  explain(): string[] {
    return [`  ${this.#sent.length} sent, ${this.#waiting.length} stored, ${this.#held.length} held`];
  }

  // ── What can happen next ──

  *#possible(): Generator<() => void> {
    const { events, happens } = this.#of;
    const news = this.#news[0];
    if (news !== undefined) yield () => void this.#news.shift()?.();
    if (this.#state === 'opening')
      yield () => {
        this.#state = 'open';
        this.slots = 1 + this.#of.world.chance.below(4);
        events.onSlots();
      };
    if (this.#state !== 'open') return;
    const [first] = this.#sent;
    if (first !== undefined)
      yield () => {
        if (happens('broken')) this.#break();
        else this.#store(this.#sent.shift() as Batch);
      };
    if (this.#held.length < 3) for (const held of this.#waiting) yield () => this.#take(held);
    for (const held of this.#held) if (this.#canGoOn(held)) yield () => this.#goOn(held);
  }

  #later(act: () => void): void {
    this.#of.world.after(this.#of.world.chance.below(5), act);
  }

  #break(): void {
    this.isBroken = true;
    this.#sent.length = 0;
    this.#waiting = [];
    this.#held.length = 0;
    this.#of.events.onBroken(new Error('the broker is no more'));
  }

  #store(batch: Batch): void {
    const { events, happens } = this.#of;
    const names = namesOf(batch.tasks);
    if (!batch.isWhole) return events.onUnsuited(batch, 1);
    if (batch.tasks.length > 1 && happens('unsuited')) return events.onUnsuited(batch, 2);
    if (happens('unsendable')) {
      this.#note('unsendable', names);
      return events.onUnsendable(batch, new Error('it can not be sent'));
    }
    for (const name of names) this.stored.add(name);
    batch.reliesOnStoredCode = this.#of.world.chance.happens(0.5);
    const held = { batch, names, settled: new Set<number>(), index: 0, isRunning: false };
    // A worker may have told of it before the word that it is stored has come.
    this.#later(() => batch.isStoredAt(this.#ids, 'stream'));
    this.#waiting.push(held);
  }

  #take(held: Held): void {
    const { batch, names } = held;
    const { events, happens } = this.#of;
    this.#waiting.splice(this.#waiting.indexOf(held), 1);
    if (happens('lost')) {
      this.#note('lost', names);
      this.#of.world.after(20, () => events.onLost(batch, 'there is no trace of it'));
    } else if (happens('no code')) {
      if (!batch.reliesOnStoredCode) this.#note('refused', names);
      this.#tell(batch, ['refused', 'CODE_NOT_FOUND', 'the function is not there']);
    } else if (happens('refused')) {
      this.#note('refused', names);
      this.#tell(batch, ['refused', 'UNSIGNED', 'it is not signed']);
    } else {
      held.index = 0;
      held.isRunning = false;
      this.#held.push(held);
    }
  }

  #canGoOn(held: Held): boolean {
    const isEndless = held.isRunning && this.#of.deedOf(held.names[held.index] as string) === 'neverEnds';
    return !isEndless || this.#isCancelled(held);
  }

  #isCancelled({ batch, index }: Held): boolean {
    return this.#cancelled.get(batch.id)?.has(index) ?? false;
  }

  #goOn(held: Held): void {
    const { batch, names, index, settled } = held;
    if (index === names.length) {
      this.#held.splice(this.#held.indexOf(held), 1);
    } else if (settled.has(index)) {
      held.index += 1;
    } else if (this.#of.happens('dies')) {
      this.#held.splice(this.#held.indexOf(held), 1);
      this.#waiting.push(held);
    } else if (this.#isCancelled(held)) {
      this.#end(held, ['cancelled', index]);
    } else if (held.isRunning) {
      this.#end(held, this.#outcome(batch.tasks[index] as Task, index));
    } else {
      held.isRunning = true;
      const name = names[index] as string;
      this.starts.set(name, (this.starts.get(name) ?? 0) + 1);
      if (this.#of.world.chance.happens(0.5)) this.#tell(batch, ['started', index, this.#of.world.now]);
    }
  }

  #end(held: Held, news: News): void {
    held.settled.add(held.index);
    held.index += 1;
    held.isRunning = false;
    this.#tell(held.batch, news);
  }

  #outcome({ name, isChunk, values }: Task, index: number): News {
    const deed = this.#of.deedOf(name);
    if (deed === 'gives back') {
      const rows = isChunk ? (values as (readonly unknown[])[]) : [values];
      const given = rows.map(([value]) => ({ ok: true, value }));
      return ['done', index, [isChunk ? given : given[0]?.value], [1]];
    }
    if (deed === 'throws' || (deed === 'failsOnce' && this.starts.get(name) === 1))
      return ['failed', index, encodeError(new RangeError(name), copyByWire), 1];
    return ['done', index, [name], [1]];
  }

  #tell(batch: Batch, ...news: News[]): void {
    const stored = { seq: this.#news.length + 1, object: undefined };
    this.#news.push(() => this.#of.events.onNews(batch.id, 'worker', news, stored));
  }

  #note(accident: Accident, names: readonly string[]): void {
    for (const name of names) this.accidents.set(name, (this.accidents.get(name) ?? new Set()).add(accident));
  }
}

function namesOf(tasks: Batch['tasks']): string[] {
  return tasks.map(({ name }) => name);
}
