/** Brokers, workers and submitters, each on a host of its own, and a folder for what they write; all gone at the end. */

import { strict as assert } from 'node:assert';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Program, programOf } from '../cluster/program.js';
import { eventually } from '../contract/gates.js';
import { HostBroker } from './broker.js';
import { Hosts } from './hosts.js';

/** Short, so that what a lost worker had is given out again soon. */
const ackWaitMs = 2000;
const patienceMs = 60_000;
const startsMax = 5;

export interface Work {
  readonly name: string;
  readonly tasks: number;
  readonly taskMs: number;
  readonly first?: number;
}

/** What was seen of so many tasks. */
export interface Seen {
  readonly tasks: number;
  /** Starts beyond one for each task. */
  readonly extraStarts: number;
  /** The longest time between two outcomes. */
  readonly longestGapMs: number;
}

interface Outcome {
  readonly task: number;
  readonly pid: number;
  readonly text: string;
  readonly heardAt: number;
}

export class HostsScene implements AsyncDisposable {
  readonly hosts: Hosts;
  readonly brokers: readonly HostBroker[];
  readonly #folder = mkdtempSync(join(tmpdir(), 'hosts-'));
  readonly #starts = join(this.#folder, 'starts');
  readonly #outcomes = join(this.#folder, 'outcomes');
  readonly #programs: Program[] = [];
  readonly #isCluster: boolean;

  private constructor(hosts: Hosts) {
    this.hosts = hosts;
    const names = hosts.names.filter((name) => name.startsWith('broker'));
    this.#isCluster = names.length > 1;
    this.brokers = names.map((name) => new HostBroker(hosts, name, this.#folder, this.#isCluster ? names : []));
  }

  /** Two hosts for workers, two for submitters, and the brokers. */
  static async start(brokers = 1): Promise<HostsScene> {
    const names = Array.from({ length: brokers }, (_, i) => `broker${i + 1}`);
    const scene = new HostsScene(await Hosts.start([...names, 'worker1', 'worker2', 'submitter1', 'submitter2']));
    await scene.#startBrokers();
    return scene;
  }

  async #startBrokers(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      await Promise.all(this.brokers.map((broker) => broker.start()));
      if (!this.#isCluster) return;
      try {
        return await this.#run('submitter2', './fixtures/ready.mjs', this.#urls.join(',')).line('ready');
      } catch (error) {
        // Those of 2.10 that are started together sometimes take one of them for away, and for good.
        if (attempt === startsMax) throw error;
        await Promise.all(this.brokers.map((broker) => broker.end('SIGTERM')));
      }
    }
  }

  /** On a host; it says `ready`, then what it logs. */
  async worker(host: string, options: object = {}): Promise<Program> {
    const worker = this.#run(host, '../cluster/fixtures/worker.mjs', this.#options(options));
    await worker.line('ready');
    return worker;
  }

  /** It says `submitted`, `heard all` and `gone`. */
  submitter(host: string, { name, first = 0, tasks, taskMs }: Work, options: object = {}): Program {
    const work = [first, tasks, taskMs].map(String);
    return this.#run(
      host,
      './fixtures/submitter.mjs',
      this.#options({ name, ...options }),
      ...work,
      this.#starts,
      this.#outcomes,
    );
  }

  /** The broker that leads the stream of the tasks. */
  async leader(): Promise<HostBroker> {
    for (let attempt = 0; attempt < 20; attempt++) {
      const program = this.#run('submitter2', './fixtures/leader.mjs', this.#urls.join(','), 'CF_default_TASKS');
      for (const broker of this.brokers) {
        const isIt = await program.line(broker.host).then(
          () => true,
          () => false,
        );
        if (isIt) return broker;
      }
    }
    throw new Error('the stream of the tasks has no leader');
  }

  /** How often tasks have started, by which process. */
  get starts(): { readonly task: number; readonly pid: number }[] {
    return linesOf(this.#starts).map((line) => {
      const [task, pid] = line.split(':').map(Number);
      return { task: task as number, pid: pid as number };
    });
  }

  get outcomes(): Outcome[] {
    return linesOf(this.#outcomes).map((line) => {
      const [text = '', heardAt] = line.split(' ');
      const [task, pid] = text.split(':').map(Number);
      return { task: task as number, pid: pid as number, text, heardAt: Number(heardAt) };
    });
  }

  /** Resolves once so many tasks have started. */
  async started(count: number): Promise<void> {
    await this.until(() => this.starts.length >= count, `${count} starts`);
  }

  async until(isSo: () => boolean, what: string): Promise<void> {
    await eventually(isSo, what, patienceMs);
  }

  /** Each of so many tasks has one outcome, however often it was heard. */
  check(tasks: number): Seen {
    const { outcomes } = this;
    const texts = new Map<number, string>();
    for (const { task, text } of outcomes) {
      assert.equal(text, texts.get(task) ?? text, `task ${task} has two outcomes`);
      texts.set(task, text);
    }
    assert.equal(texts.size, tasks, 'each task has its outcome');
    const gaps = outcomes.slice(1).map(({ heardAt }, i) => heardAt - (outcomes[i] as Outcome).heardAt);
    return { tasks, extraStarts: this.starts.length - tasks, longestGapMs: Math.max(0, ...gaps) };
  }

  get #urls(): string[] {
    return this.brokers.map(({ url }) => url);
  }

  #options(options: object): string {
    return JSON.stringify({
      servers: this.#urls,
      key: 'hosts on one machine',
      limits: { ackWaitMs, maxBytes: 64 * 1024 * 1024, replicas: this.brokers.length },
      ...options,
    });
  }

  #run(host: string, script: string, ...args: string[]): Program {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const program = programOf(this.hosts.spawn(host, process.execPath, [path, ...args], { stdio: [...stdio] }));
    this.#programs.push(program);
    return program;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process: child, ended } of this.#programs) {
      child.kill('SIGKILL');
      await ended;
    }
    for (const broker of this.brokers) await broker.end('SIGKILL');
    await this.hosts[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
}
