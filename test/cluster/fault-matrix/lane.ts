/**
 * A broker, a worker and a submitter, each of the two behind a relay; plays one run after another, each on a queue of its own, with a fault at
 * one step of it.
 *
 *   worker ⇄ relay ⇄ broker ⇄ relay ⇄ submitter
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { ClusterExecutor } from 'concurrent-futures/cluster';
import { square } from '../fixtures/tasks.mjs';
import { startServer, type TestServer } from '../nats-server.js';
import type { Cell, Fault, Side } from './cells.js';
import { check, checkTakenOver } from './check.js';
import { Party } from './party.js';
import { Relay } from './relay.js';

const limits = { ackWaitMs: 2000, maxBytes: 64 * 1024 * 1024 };
/** Longer than a request waits for its answer, and than a worker may be silent. */
const silenceMs = 3000;
/** Several times what any run takes. */
const patienceMs = 60_000;
/** A batch of which only the acknowledgement was lost is gone after that. */
const emptyMs = 40_000;

export interface Played {
  /** What is wrong, in words; `undefined` where nothing is. */
  readonly failure: string | undefined;
  /** Whether the run had that step. */
  readonly hasFired: boolean;
  readonly ms: number;
  readonly steps: Readonly<Record<Side, readonly string[]>>;
}

/** Of some tasks the outcome is known by then, of some it is stored, some run. */
const takeOverAt = '< news #2';

let queues = 0;

export class Lane {
  readonly #server: TestServer;
  readonly #relays: Readonly<Record<Exclude<Side, 'successor'>, Relay>>;
  #worker = new Party();
  #submitter = new Party();
  /** Takes over where the worker is thought dead and is not. */
  #standIn: Party | undefined;
  #folder = '';
  #queue = '';
  #healing: Promise<void> | undefined;
  /** Whether the submitter may go on to its last task. */
  #goesOn = false;
  /** What was found wrong while something was mended. */
  #failed: unknown;

  private constructor(server: TestServer, submitter: Relay, worker: Relay) {
    this.#server = server;
    this.#relays = { submitter, worker };
  }

  static async start(): Promise<Lane> {
    const server = await startServer();
    return new Lane(server, await Relay.start(server.port), await Relay.start(server.port));
  }

  async stop(): Promise<void> {
    for (const party of [this.#worker, this.#submitter, this.#standIn]) await party?.kill();
    for (const relay of Object.values(this.#relays)) relay.stop();
    await this.#server.stop();
  }

  /** One run; without a cell, one without a fault, but where there is to be a successor. After one that failed the lane is of no use any more. */
  async play(cell: Cell | undefined, hasSuccessor = cell?.side === 'successor'): Promise<Played> {
    const startedAt = performance.now();
    queues += 1;
    this.#queue = `faults-${process.pid}-${queues}`;
    this.#folder = mkdtempSync(join(tmpdir(), 'faults-'));
    this.#healing = undefined;
    this.#goesOn = false;
    this.#failed = undefined;
    for (const party of [this.#worker, this.#submitter, this.#standIn]) party?.begin();
    const { submitter, worker } = this.#relays;
    // The submitter is killed, and what the cell says befalls whoever comes after it.
    const aimAtNext = (): void => submitter.aimAnew(this.#aimOf(cell, 'successor'));
    const kill = (): Promise<void> => this.#hit('kill-submitter', 'submitter', aimAtNext);
    const takeOver = { step: takeOverAt, when: 'before', fault: kill } as const;
    submitter.begin(this.#queue, hasSuccessor ? takeOver : this.#aimOf(cell, 'submitter'));
    worker.begin(this.#queue, this.#aimOf(cell, 'worker'));
    let failure: string | undefined;
    try {
      await inTime(this.#run(cell));
    } catch (error) {
      failure = `${(error as Error).message}\n${await this.#explain()}`;
    }
    rmSync(this.#folder, { recursive: true, force: true });
    const steps = hasSuccessor
      ? { submitter: [], worker: [], successor: submitter.steps }
      : { submitter: submitter.steps, worker: worker.steps, successor: [] };
    const hasFired = submitter.hasFired && worker.hasFired;
    return { failure, hasFired, ms: Math.round(performance.now() - startedAt), steps };
  }

  get #files(): { starts: string; outcomes: string } {
    return { starts: join(this.#folder, 'starts'), outcomes: join(this.#folder, 'outcomes') };
  }

  async #run(cell: Cell | undefined): Promise<void> {
    this.#work(this.#worker, this.#relays.worker.url);
    this.#play(false);
    await this.#fromSubmitter('played');
    await this.#healing;
    if (this.#failed !== undefined) throw this.#failed;
    this.#goesOn = true;
    this.#submitter.do('goOn');
    await this.#fromSubmitter('closed');
    await this.#healing;
    await this.#probe();
    // The fault may have been that of the last task.
    await this.#healing;
    await this.#emptied();
    if (this.#failed !== undefined) throw this.#failed;
    check(this.#files, cell);
    await this.#drained();
    await this.#healing;
    await this.#clean();
  }

  #work(party: Party, url: string): void {
    party.do('work', { options: { servers: url, queue: this.#queue, limits } });
  }

  #play(isSecond: boolean): void {
    const options = { servers: this.#relays.submitter.url, queue: this.#queue, limits, name: 'submitter' };
    this.#submitter.do('play', { options, ...this.#files, isSecond });
    if (this.#goesOn) this.#submitter.do('goOn');
  }

  /** From the submitter, or the one that came after it. */
  async #fromSubmitter(type: string): Promise<void> {
    for (;;) {
      const asked = this.#submitter;
      if ((await asked.heard(type)) !== undefined) return;
      await this.#healing;
      if (asked === this.#submitter) throw new Error('the submitter has ended by itself');
    }
  }

  /** Also one that came after a worker that was killed while it drained. */
  async #drained(): Promise<void> {
    this.#standIn?.do('drain');
    for (let drained: Party | undefined; drained !== this.#worker; ) {
      drained = this.#worker;
      drained.do('drain');
      await drained.heard('drained');
      await this.#healing;
    }
    await this.#standIn?.heard('drained');
  }

  // ── Faults ──

  #aimOf(cell: Cell | undefined, side: Side) {
    if (cell === undefined || cell.side !== side) return undefined;
    return { step: cell.step, when: cell.when, fault: () => this.#hit(cell.fault, side) };
  }

  #relayOf(side: Side): Relay {
    return this.#relays[side === 'successor' ? 'submitter' : side];
  }

  /** Resolves once it has happened; `#healing`, once there is again what was lost, now and before. */
  async #hit(fault: Fault, side: Side, onKilled = (): void => {}): Promise<void> {
    let healed = (): void => {};
    const healing = new Promise<void>((resolve) => {
      healed = resolve;
    });
    this.#healing = Promise.all([this.#healing, healing]).then(() => {});
    const heal = async (after: Promise<unknown>): Promise<void> => {
      try {
        await after;
      } catch (error) {
        this.#failed = error;
      }
      healed();
    };
    switch (fault) {
      case 'cut':
        this.#relayOf(side).cut();
        return healed();
      case 'silence':
        this.#relayOf(side).isSilent = true;
        if (side === 'worker') {
          this.#standIn ??= new Party();
          this.#work(this.#standIn, this.#server.url);
        }
        void heal(delay(silenceMs).then(() => this.#hear(side)));
        return;
      case 'kill-submitter': {
        await this.#submitter.kill();
        onKilled();
        this.#submitter = new Party();
        this.#play(true);
        const told = this.#submitter.heard('attached');
        const { confirmed } = this.#relays.submitter;
        void heal(
          // Killed itself before it could say what it has found, it leaves that to the next one.
          told.then((attached) => attached && checkTakenOver(this.#files, confirmed, attached.names ?? [])),
        );
        return;
      }
      case 'kill-worker':
        await this.#worker.kill();
        this.#worker = new Party();
        this.#work(this.#worker, this.#relays.worker.url);
        void heal(this.#worker.heard('working'));
        return;
      case 'kill-broker':
        await this.#server.kill();
        void heal(this.#server.start());
        return;
      default:
        fault satisfies never;
    }
  }

  #hear(side: Side): void {
    this.#relayOf(side).isSilent = false;
    this.#relayOf(side).cut();
  }

  // ── Afterwards ──

  /** Whoever comes later is served. */
  async #probe(): Promise<void> {
    const executor = new ClusterExecutor({ servers: this.#server.url, queue: this.#queue, limits });
    const value = await executor.submit(square, join(this.#folder, 'probes'), 12);
    if (value !== 144) throw new Error(`what came later gave ${value}`);
    await executor.shutdown();
  }

  /** The broker has no batch any more. It may be killed by the last acknowledgement, while it is asked. */
  async #emptied(): Promise<void> {
    const until = performance.now() + emptyMs;
    for (;;) {
      await this.#healing;
      const left = await this.#batchesLeft().catch(() => undefined);
      if (left === 0) return;
      if (performance.now() > until) throw new Error(`${left} batches stay with the broker though all is done`);
      await delay(20);
    }
  }

  async #batchesLeft(): Promise<number> {
    const connection = await connect({ servers: this.#server.url });
    try {
      const manager = await jetstreamManager(connection);
      return (await manager.streams.info(`CF_${this.#queue}_TASKS`)).state.messages;
    } finally {
      await connection.close();
    }
  }

  /** The next run's broker is not to have more to do than this one's. */
  async #clean(): Promise<void> {
    const connection = await connect({ servers: this.#server.url });
    const manager = await jetstreamManager(connection);
    for await (const { config } of manager.streams.list()) await manager.streams.delete(config.name);
    await connection.close();
  }

  async #explain(): Promise<string> {
    for (const party of [this.#submitter, this.#worker]) party.do('explain');
    const told = [this.#submitter, this.#worker].map((party) =>
      Promise.race([party.heard('explained').catch(() => undefined), delay(2000, undefined)]),
    );
    const [submitter, worker] = (await Promise.all(told)).map((each) => each?.text ?? '(does not answer)');
    const tail = (side: Side): string => this.#relayOf(side).steps.slice(-12).join(', ');
    return [
      `submitter: ${submitter}`,
      ...this.#submitter.log.slice(-20).map((line) => `  ${line}`),
      `  last: ${tail('submitter')}`,
      `worker: ${worker}`,
      ...this.#worker.log.slice(-20).map((line) => `  ${line}`),
      `  last: ${tail('worker')}`,
    ].join('\n');
  }
}

async function inTime(run: Promise<void>): Promise<void> {
  const limit = new AbortController();
  const over = delay(patienceMs, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`it hangs: after ${patienceMs / 1000} s it was not over`);
  });
  over.catch(() => {});
  try {
    await Promise.race([run, over]);
  } finally {
    limit.abort();
    run.catch(() => {});
  }
}
