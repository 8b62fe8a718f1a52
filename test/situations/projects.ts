/** Projects in folders of their own, and the programs that are run in them. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath } from 'node:url';
import { expected } from './program.js';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const options = { timeout: 120_000 };
/** How long a program may take. */
const limitMs = 30_000;

/** The folder of everything that a test file makes; gone when its tests are over. */
export const base = realpathSync(mkdtempSync(join(tmpdir(), 'situations-')));
after(() => rmSync(base, { recursive: true, force: true }));

/** A folder with the given files, and nothing else. */
export function folder(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(base, name);
  mkdirSync(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

/** A project folder with the given files, in which `concurrent-futures` and this repository's packages are installed. */
export function project(name: string, files: Readonly<Record<string, string>>): string {
  const path = folder(name, files);
  mkdirSync(join(path, 'node_modules'), { recursive: true });
  symlinkSync(root, join(path, 'node_modules/concurrent-futures'));
  symlinkSync(join(root, 'node_modules/tsx'), join(path, 'node_modules/tsx'));
  return path;
}

/** What this test runner and npm tell their own children is not for the users' programs; `node` is the one that runs this. */
function environment(): NodeJS.ProcessEnv {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NODE_|npm_)/i.test(name)));
  return { ...env, PATH: dirname(process.execPath) + delimiter + env['PATH'] };
}

export interface Start {
  readonly command?: string;
  readonly cwd: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What stands on its standard input; or what to write next there, asked each time that it has printed something. */
  readonly input?: string | ((output: string) => { write?: string; end?: boolean });
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program, by default with this very Node, and fails when it takes longer than {@link limitMs}. */
export async function run({ command = process.execPath, cwd, args, env, input = '' }: Start): Promise<Ended> {
  const child = spawn(command, args, {
    cwd,
    env: { ...environment(), ...env },
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdin.on('error', () => {}); // It need not read all of its input.
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (typeof input === 'string') return;
    const { write = '', end = false } = input(stdout);
    if (end) child.stdin.end(write);
    else child.stdin.write(write);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  if (typeof input === 'string') child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (signal === null) resolve({ status, stdout, stderr });
      else reject(new Error(`it was ended by ${signal}; ${printed({ status, stdout, stderr })}`));
    });
  });
}

/** What a program has printed, for a person: minified lines are long. */
export function printed({ status, stdout, stderr }: Ended): string {
  const lines = `exit code ${status}, standard output:\n${stdout}\nstandard error:\n${stderr}`.split('\n');
  return lines.map((line) => (line.length > 300 ? `${line.slice(0, 150)} … ${line.slice(-150)}` : line)).join('\n');
}

/** Runs the program and looks at what it prints; `noisy` where something else prints as well. */
export async function check(start: Start, noisy = false): Promise<Ended> {
  const ended = await run(start);
  assert.equal(ended.status, 0, printed(ended));
  const text = noisy ? ended.stdout.match(/\[\{"constant".*\}\]/)?.[0] : ended.stdout;
  assert.ok(text, printed(ended));
  assert.deepEqual(JSON.parse(text), expected);
  return ended;
}
