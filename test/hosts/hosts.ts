/** Several hosts on this machine: each with a network of its own, and between them a switch (`switch.py`) that loses and delays packets. */

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { missing } from '../cli/system-package.js';

const program = fileURLToPath(new URL('./switch.py', import.meta.url));

/** Why hosts can't be made here; `false` where they can. For the option `skip` of a test. */
export function hostsHindrance(): string | false {
  if (process.platform !== 'linux') return `hosts are network namespaces, which ${process.platform} has not`;
  if (process.getuid?.() !== 0) return 'only root may make network namespaces';
  const hindrance = missing('python3') || missing('nsenter', 'util-linux') || missing('setpriv', 'util-linux');
  if (hindrance !== false) return hindrance;
  const { status, stderr } = spawnSync('python3', [program, 'host=10.77.0.1'], { input: '', encoding: 'utf8' });
  return status === 0 ? false : `network namespaces can't be made here: ${stderr.trim().split('\n').at(-1)}`;
}

export interface Faults {
  /** Pairs between which every packet is lost. */
  readonly cut: readonly (readonly [string, string])[];
  /** How many of a hundred packets are lost, at random, each way. */
  readonly dropPercent: number;
  /** How long a packet is on its way: half of what an answer takes. */
  readonly delayMs: number;
}

const none: Faults = { cut: [], dropPercent: 0, delayMs: 0 };

export class Hosts implements AsyncDisposable {
  readonly names: readonly string[];
  readonly #switch: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #namespaces: Readonly<Record<string, string>>;
  #faults = none;

  private constructor(
    names: readonly string[],
    process: ChildProcess,
    answers: AsyncIterator<string>,
    namespaces: Record<string, string>,
  ) {
    this.names = names;
    this.#switch = process;
    this.#answers = answers;
    this.#namespaces = namespaces;
  }

  static async start(names: readonly string[]): Promise<Hosts> {
    const args = names.map((name, i) => `${name}=${addressOf(i)}`);
    const child = spawn('python3', [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
    const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return new Hosts(names, child, answers, JSON.parse(await lineOf(answers)));
  }

  addressOf(host: string): string {
    return addressOf(this.names.indexOf(host));
  }

  /** Runs a program there; it is killed when this process ends, however that ends. */
  spawn(host: string, command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
    const there = ['nsenter', `--net=${this.#namespaces[host]}`, '--', 'setpriv', '--pdeathsig', 'KILL', '--'];
    return spawn(there[0] as string, [...there.slice(1), command, ...args], options);
  }

  /** Packets to and from it vanish, or those to and from some others; nobody is told. */
  async cutOff(host: string, from: readonly string[] = this.names): Promise<void> {
    const pairs = from.filter((other) => other !== host).map((other) => [host, other] as const);
    await this.set({ cut: [...this.#faults.cut, ...pairs] });
  }

  async mend(): Promise<void> {
    await this.set({ cut: [] });
  }

  /** Resolves once it is so. */
  async set(faults: Partial<Faults>): Promise<void> {
    this.#faults = { ...this.#faults, ...faults };
    this.#switch.stdin?.write(`${JSON.stringify(this.#faults)}\n`);
    await lineOf(this.#answers);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = new Promise((resolve) => this.#switch.once('exit', resolve));
    this.#switch.stdin?.end();
    if (this.#switch.exitCode === null && this.#switch.signalCode === null) await gone;
  }
}

function addressOf(index: number): string {
  return `10.77.0.${index + 1}`;
}

async function lineOf(answers: AsyncIterator<string>): Promise<string> {
  const { value, done } = await answers.next();
  if (done) throw new Error('the switch between the hosts has ended');
  return value;
}
