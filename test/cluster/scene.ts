/** A broker, workers and submitters as processes of their own, a folder for what tasks write, all gone at the end of the test. */

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClusterExecutor, type ClusterExecutorOptions } from 'concurrent-futures/cluster';
import { startServer, type TestServer } from './nats-server.js';
import { type Program, programOf } from './program.js';

/** Short, so that what a lost worker had is given out again soon. */
const ackWaitMs = 2000;
const limits = { ackWaitMs, maxBytes: 64 * 1024 * 1024 };

export class ClusterScene implements AsyncDisposable {
  readonly server: TestServer;
  readonly folder = mkdtempSync(join(tmpdir(), 'cluster-'));
  /** Tasks write a line here when they start. */
  readonly file = join(this.folder, 'starts');
  /** Submitters write outcomes here. */
  readonly outcomes = join(this.folder, 'outcomes');
  /** Held tasks end once it is there. */
  readonly gate = join(this.folder, 'gate');
  readonly #programs: Program[] = [];
  readonly #executors: ClusterExecutor[] = [];

  private constructor(server: TestServer) {
    this.server = server;
  }

  static async start(): Promise<ClusterScene> {
    return new ClusterScene(await startServer());
  }

  get starts(): string[] {
    return existsSync(this.file) ? readFileSync(this.file, 'utf8').trim().split('\n') : [];
  }

  open(): void {
    writeFileSync(this.gate, '');
  }

  executor(options: Partial<ClusterExecutorOptions> = {}): ClusterExecutor {
    return this.keep(new ClusterExecutor({ servers: this.server.url, limits, ...options }));
  }

  keep(executor: ClusterExecutor): ClusterExecutor {
    this.#executors.push(executor);
    return executor;
  }

  /** A worker that takes tasks. */
  async worker(options: object = {}): Promise<Program> {
    const worker = this.#run('worker.mjs', JSON.stringify({ servers: this.server.url, limits, ...options }));
    await worker.line('ready');
    return worker;
  }

  submitter(name: string): Program {
    return this.#run('submitter.mjs', JSON.stringify({ servers: this.server.url, limits, name }), this.file, this.gate);
  }

  /** One that has so many tasks done, whoever was killed before: its outcomes are in a file. */
  chaosSubmitter(tasks: number): Program {
    const options = { servers: this.server.url, limits, name: 'chaos' };
    return this.#run('chaos-submitter.mjs', JSON.stringify(options), String(tasks), this.file, this.outcomes);
  }

  #run(script: string, ...args: string[]): Program {
    const path = fileURLToPath(new URL(`./fixtures/${script}`, import.meta.url));
    const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const program = programOf(child);
    this.#programs.push(program);
    return program;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const executor of this.#executors) await executor.shutdown({ cancelFutures: true, timeout: 0 });
    for (const { process: child, ended } of this.#programs) {
      child.kill('SIGKILL');
      await ended;
    }
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
