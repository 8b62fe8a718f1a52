/** Runs the built command, as a user would. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const commandPath = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
export const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));

export const executors = ['thread', 'process', 'inline'] as const;

export interface Line {
  readonly index: number;
  readonly input: unknown;
  readonly status: 'ok' | 'failed';
  readonly value?: unknown;
  readonly error?: Readonly<Record<string, unknown>>;
  readonly ms: number;
  readonly attempts: number;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of stdout, parsed. */
  readonly lines: readonly Line[];
}

export interface StartOptions {
  readonly stdin?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** In a process group of its own, so that a test can signal all of it as a terminal does. */
  readonly ownGroup?: boolean;
  /** Another copy of the command. */
  readonly command?: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once the stream's text has it; rejects when the command ends without. */
  seen(stream: 'stdout' | 'stderr', text: string): Promise<void>;
}

/** A test that fails must not leave its command behind: the test runner would wait for it for ever. */
const living = new Set<ChildProcess>();
after(() => {
  for (const child of living) child.kill('SIGKILL');
});

/** Starts `futures` with these arguments; its standard input stays open unless `stdin` is given. */
export function start(
  args: readonly string[],
  { stdin, cwd = fixtures, env, ownGroup, command }: StartOptions = {},
): Running {
  const child = spawn(process.execPath, [command ?? commandPath, ...args], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: 'pipe',
    detached: ownGroup ?? false,
  });
  living.add(child);
  child.on('exit', () => living.delete(child));
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  // A command that ends before it has read all is none of the tests' failures.
  child.stdin.on('error', () => {});
  if (stdin !== undefined) child.stdin.end(stdin);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...texts, lines: [] }));
  }).then((end) => ({ ...end, lines: parseLines(end.stdout) }));
  const seen = (stream: 'stdout' | 'stderr', text: string): Promise<void> =>
    until(() => {
      if (texts[stream].includes(text)) return true;
      if (child.exitCode === null && child.signalCode === null) return false;
      throw new Error(`ended without "${text}" on ${stream}: ${JSON.stringify(texts)}`);
    });
  return { child, ended, seen };
}

/** Runs `futures` to its end, with nothing on its standard input unless `stdin` is given. */
export function futures(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  return start(args, { stdin: '', ...options }).ended;
}

/** JSON Lines → records; text that is no JSON is a test's failure. */
export function parseLines(text: string): Line[] {
  const rows = text.split('\n').filter((row) => row.startsWith('{'));
  return rows.map((row) => JSON.parse(row) as Line);
}

/** The records' outcomes in the order of their inputs. */
export function outcomes(lines: readonly Line[]): unknown[] {
  const sorted = [...lines].sort((one, other) => one.index - other.index);
  return sorted.map(({ status, value, error }) =>
    status === 'ok' ? value : `${error?.['name']}: ${error?.['message']}`,
  );
}

/** Waits for a condition; the test runner's own limit bounds it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5);
}

export function untilExists(path: string): Promise<void> {
  return until(() => existsSync(path));
}

export interface TemporaryDirectory extends Disposable {
  readonly path: string;
  /** Writes a file there and gives its path. */
  write(name: string, text: string): string;
}

export function temporaryDirectory(): TemporaryDirectory {
  const path = mkdtempSync(join(tmpdir(), 'futures-cli-'));
  return {
    path,
    write: (name, text) => {
      const file = join(path, name);
      writeFileSync(file, text);
      return file;
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
