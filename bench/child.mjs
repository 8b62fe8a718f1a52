/** Each contender has a process of its own, so that none meets what another has left behind. */

import { execFile, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const limitMs = 5 * 60_000;

/** CPython's version, or `undefined` where there is none. */
export const pythonVersion = spawnSync('python3', ['--version'], { encoding: 'utf8' }).stdout?.trim() || undefined;

const pathOf = (file) => fileURLToPath(new URL(file, import.meta.url));

/** Runs a file of this folder and gives what it printed as JSON; `undefined` when it failed, after saying so. */
export async function measureInChild(file, ...args) {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', pathOf(file), ...args], {
      timeout: limitMs,
      killSignal: 'SIGKILL',
    });
    return JSON.parse(stdout);
  } catch (error) {
    const reason = error.killed ? `not done after ${limitMs / 60_000} minutes` : error.message;
    console.error(`${file} ${args.join(' ')}: ${reason}`);
    return undefined;
  }
}

/**
 * A contender behind two functions: `run()` gives what one run measured, and `close()`.
 *
 * A row that `isFresh` has a new process for each run; the others have one that stays, and has warmed up. Throws what went wrong.
 */
export async function openContender(file, row, contender, size) {
  const start = () => new Child(...commandOf(file, row, contender, size));
  if (row.isFresh) return { run: () => runOnce(start()), close: async () => {} };

  const child = start();
  await child.answer();
  return {
    async run() {
      child.ask();
      return (await child.answer()).value;
    },
    close: () => child.end(),
  };
}

async function runOnce(child) {
  const { value } = await child.answer();
  await child.end();
  return value;
}

function commandOf(file, row, contender, size) {
  if (contender.python !== undefined) {
    const { count, workers } = contender.python.size(size);
    return ['python3', [pathOf('python-pool.py'), JSON.stringify({ what: contender.python.what, count, workers })]];
  }
  const asked = { file, row: row.id, contender: contender.id, size, isKept: !row.isFresh };
  return [process.execPath, ['--expose-gc', ...(row.execArgv ?? []), pathOf('contender.mjs'), JSON.stringify(asked)]];
}

/** A process that answers with lines of JSON. */
class Child {
  #process;
  #lines;
  #ended;
  #errors = '';

  constructor(command, args) {
    this.#process = spawn(command, args, { stdio: 'pipe' });
    // It may be gone before it is asked; what matters is that no answer comes.
    this.#process.stdin.on('error', () => {});
    this.#process.stderr.on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-2000);
    });
    this.#ended = new Promise((resolve) => {
      this.#process.on('error', (error) => resolve(String(error)));
      this.#process.on('close', (code, signal) => resolve(`ended with ${signal ?? code}`));
    });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  ask() {
    this.#process.stdin.write('run\n');
  }

  async answer() {
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), limitMs);
    const { value: line } = await this.#lines.next();
    clearTimeout(timer);
    if (line !== undefined) return JSON.parse(line);
    throw new Error(`no answer: ${await this.#ended}\n${this.#errors}`);
  }

  /** Its input ends, and so does it. */
  async end() {
    this.#process.stdin.end();
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 10_000);
    await this.#ended;
    clearTimeout(timer);
  }
}
