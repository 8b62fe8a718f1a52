/**
 * Workers in child processes.
 *
 *   this process ──fd 3: the runtime's text, then frames──► child
 *                ◄──fd 4: frames, written synchronously────
 *                ◄──fd 5: claims, small outcomes: an unlinked file──►
 *                ◄──fd 2: standard error, passed on────────        (fd 1 goes where the option `stdout` says)
 *
 * Pipes of our own instead of Node's IPC channel: a child's synchronous write survives the child's death, and the user's
 * code in the child finds `process.send` as it would in any program.
 */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import processSource from 'worker-source:process-main';
import { BootstrapError, DeadlockError } from '../errors.js';
import type { Transfer, WorkerEvents, WorkerHost, WorkerLink, WorkerSpec } from '../pool/host.js';
import { claimsFileBytes, FileClaims } from '../protocol/file-claims.js';
import { FileOutcomes } from '../protocol/file-outcomes.js';
import { copyByFrame, encodeFrame, FrameReader, Unreadable, withLength } from '../protocol/frames.js';
import type { ToWorker } from '../protocol/messages.js';
import { bootstrapSource, workerMark } from '../protocol/process-data.js';
import { inheritedExecArgv } from './exec-argv.js';
import { Printer } from './last-prints.js';
import { type FromWire, OrderedAnswers } from './ordered-answers.js';
import { endedByKernel } from './parent-death.js';
import { checkPermissions } from './permissions.js';
import { StderrTail } from './stderr-tail.js';

/** Options of process workers, as `node:child_process` has them. */
export interface ProcessSettings {
  readonly cwd: string | undefined;
  readonly env: NodeJS.ProcessEnv | undefined;
  readonly execArgv: readonly string[] | undefined;
  readonly execPath: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly stdout: boolean | 'stderr';
}

const stdoutOf = { true: 'ignore', false: 'inherit', stderr: 'pipe' } as const;

/** How long after a child's exit its last answers may still take to come through the pipe. */
const lastAnswersMs = 1000;
/** How long after that its last lines on standard output and error may take. */
const lastWordsMs = 100;

export class ProcessHost implements WorkerHost {
  readonly kind = 'process';
  readonly #settings: ProcessSettings;

  constructor(settings: ProcessSettings) {
    checkExecutable(settings.execPath);
    checkPermissions('child processes', [
      ['child', '--allow-child-process'],
      // A child has a thread that watches over its parent, and takes this program's flags over.
      ['worker', '--allow-worker'],
      ['fs.read', '--allow-fs-read', `${claimsFolder()}*`],
      ['fs.write', '--allow-fs-write', `${claimsFolder()}*`],
    ]);
    this.#settings = settings;
  }

  start(spec: WorkerSpec, events: WorkerEvents): WorkerLink {
    return new ProcessLink(spec, events, this.#settings);
  }

  copy(value: unknown): unknown {
    return copyByFrame(value);
  }

  block(): void {
    throw new DeadlockError(
      'what process workers answer is read by the event loop, which would stand still. Use await, or a ThreadPoolExecutor.',
    );
  }
}

class ProcessLink implements WorkerLink {
  readonly isToldOfLone = true;
  readonly claims: FileClaims;
  readonly #child: ChildProcess;
  readonly #commands: Socket;
  readonly #events: WorkerEvents;
  readonly #stderr: StderrTail;
  readonly #claimsFd: number;
  readonly #answers: OrderedAnswers;
  readonly #printer: Printer;
  #error: unknown;
  /** What has ended so far; the worker is gone once both have. */
  #exit: { code: number | null; signal: NodeJS.Signals | null } | undefined;
  #answersEnded = false;
  #isGone = false;

  constructor(spec: WorkerSpec, events: WorkerEvents, settings: ProcessSettings) {
    this.#events = events;
    this.#claimsFd = openUnlinked();
    this.claims = new FileClaims(this.#claimsFd);
    this.#answers = new OrderedAnswers(new FileOutcomes(this.#claimsFd), (message) => {
      if (this.#isGone) return;
      if (message.kind === 'flushing' || message.kind === 'flushed') this.#printer.heard(message.kind);
      else events.onMessage(message);
    });
    const { cwd, uid, gid } = settings;
    const execArgv = settings.execArgv ?? inheritedExecArgv();
    const execPath = settings.execPath ?? process.execPath;
    // What the user named may not be there; that is told by the attempt to start it.
    const wrapper = execPath === process.execPath ? endedByKernel() : [];
    const [program, ...args] = [...wrapper, execPath, ...execArgv, '--input-type=commonjs', '-e', bootstrapSource];
    this.#child = spawnOr(() => closeSync(this.#claimsFd), program as string, args, {
      stdio: ['ignore', stdoutOf[`${settings.stdout}`], 'pipe', 'pipe', 'pipe', this.#claimsFd],
      env: { ...(settings.env ?? process.env), [workerMark]: spec.name },
      windowsHide: true,
      ...(cwd !== undefined && { cwd }),
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    });
    const [, stdout, stderr, commands, answers] = this.#child.stdio as unknown as [
      null,
      (Readable & Socket) | null,
      Readable & Socket,
      Socket,
      Socket,
    ];
    this.#commands = commands;
    this.#stderr = new StderrTail(stderr, process.stderr);
    this.#printer = new Printer({
      ask: () => this.send({ kind: 'flush' }, []),
      hold: (isHeld) => (isHeld ? answers.ref() : answers.unref()),
    });
    this.#listen(answers);
    commands.write(withLength(Buffer.from(`const watchesParent=${wrapper.length === 0};${processSource}`)));
    this.#child.unref();
    stdout?.on('data', (chunk: Buffer) => process.stderr.write(chunk)).on('error', () => {});
    for (const stream of [stdout, stderr, commands, answers]) stream?.unref();
  }

  get systemId(): number | undefined {
    return this.#child.pid;
  }

  get unsentBytes(): number {
    return this.#commands.writableLength;
  }

  send(message: ToWorker, _transfer: readonly Transfer[]): void {
    this.#commands.write(encodeFrame(message));
    if (message.kind === 'run') this.#printer.mayPrint();
  }

  watch(isWatched: boolean): void {
    if (!this.#isGone) this.#answers.watch(isWatched);
  }

  look(): void {
    if (!this.#isGone) this.#answers.look();
  }

  poll(): void {
    // Pipes are read by the event loop alone; `block` has said so already.
  }

  terminate(): void {
    this.#child.kill('SIGKILL');
  }

  #listen(answers: Socket): void {
    const frames = new FrameReader();
    answers.on('data', (chunk: Buffer) => {
      for (const message of frames.push(chunk)) {
        if (this.#isGone) return;
        if (message instanceof Unreadable) this.#answers.unreadable(message.cause);
        else this.#answers.receive(message as FromWire);
      }
    });
    answers.on('close', () => {
      this.#answersEnded = true;
      this.#endWhenBoth();
    });
    // Both pipes break when the child dies; that is told by its exit.
    answers.on('error', () => {});
    this.#commands.on('error', () => {});
    this.#child.on('error', (error) => {
      this.#error = error;
      if (this.#child.pid === undefined) this.#end();
    });
    this.#child.on('close', () => this.#end());
    this.#child.on('exit', (code, signal) => {
      this.#exit = { code, signal };
      // Whoever the child started may hold its pipes open; its own answers are there by now.
      setTimeout(() => this.#end(), lastAnswersMs).unref();
      this.#endWhenBoth();
    });
  }

  #endWhenBoth(): void {
    if (this.#exit === undefined || !this.#answersEnded) return;
    // What it printed last is worth a moment, but not more: whoever it started may hold these pipes open.
    setTimeout(() => this.#end(), lastWordsMs).unref();
  }

  #end(): void {
    if (this.#isGone) return;
    this.#answers.look();
    this.#isGone = true;
    this.#printer.end();
    const stderr = this.#stderr.lastLines;
    const { code = null, signal = null } = this.#exit ?? {};
    this.#commands.destroy();
    this.#events.onExit({
      exitCode: code,
      signal,
      outOfMemory: /FATAL ERROR: .*(?:heap out of memory|allocation failed)/i.test(stderr),
      stderr,
      error: this.#error,
    });
    closeSync(this.#claimsFd);
  }
}

/**
 * Where there is no descriptor for its pipes, Node gives a child without any, and an error that would end the program were nobody
 * to listen; other failures come as an event or are thrown.
 */
function spawnOr(undo: () => void, program: string, args: string[], options: SpawnOptions): ChildProcess {
  try {
    const child = spawn(program, args, options);
    if (child.stdio !== undefined) return child;
    child.on('error', () => {});
    throw Object.assign(
      new Error("no file descriptor is left for a worker's pipes: raise the limit (ulimit -n), or set maxWorkers"),
      { code: 'EMFILE' },
    );
  } catch (error) {
    undo();
    throw error;
  }
}

/** A single executable application runs its own program whatever it is told to run: its child would be that program once more. */
function checkExecutable(execPath: string = process.execPath): void {
  // `process.getBuiltinModule` came with Node 20.16; before it, the child finds out.
  const { isSea } = (process.getBuiltinModule?.('node:sea') ?? {}) as { isSea?: () => boolean };
  if (execPath !== process.execPath || !isSea?.()) return;
  throw new BootstrapError(
    `this program is a single executable, and ${execPath} can't run a worker: ` +
      'set the option execPath to a Node executable, or use threads.',
  );
}

/** A file of zeros that only open descriptors know, so that nothing is left on the disk whatever happens. */
function openUnlinked(): number {
  const folder = mkdtempSync(claimsFolder());
  try {
    const fd = openSync(join(folder, 'claims'), 'wx+');
    ftruncateSync(fd, claimsFileBytes);
    return fd;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the paths of these files' folders begin with. */
function claimsFolder(): string {
  return join(tmpdir(), 'concurrent-futures-');
}
