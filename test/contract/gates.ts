/**
 * How a test and its tasks meet: through files, since workers share no memory.
 *
 * A task writes a line to the stage's log when it gets somewhere, and waits for a file to appear (see the tasks `hold`
 * and `holdBlocking`); the test waits for the line and makes the file. Nothing sleeps to let something happen.
 */

import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from './own-tmp.js';

const stepMs = 2;
const patienceMs = 20_000;

export class Stage {
  /** What the tasks are passed. */
  readonly dir: string;

  constructor() {
    mkdirSync(root, { recursive: true });
    this.dir = mkdtempSync(join(root, 'stage-'));
    appendFileSync(this.#logPath, '');
  }

  get #logPath(): string {
    return join(this.dir, 'log');
  }

  /** What the tasks have written so far. */
  log(): string[] {
    return readFileSync(this.#logPath, 'utf8').split('\n').slice(0, -1);
  }

  /** How many lines end in ` <what>`, for example how many tasks have `started`. */
  count(what: string): number {
    return this.log().filter((line) => line === what || line.endsWith(` ${what}`)).length;
  }

  /** Lets the task that holds under this label go on. */
  open(label: string): void {
    writeFileSync(join(this.dir, `${label}.open`), '');
  }

  /** Lets every task go on that holds, now or later. */
  openAll(): void {
    this.open('all');
  }

  /** Waits until a task has written the line. */
  async line(line: string): Promise<void> {
    await eventually(() => this.log().includes(line), `the line "${line}" in the log`);
  }

  /** Waits until `many` tasks have written `<label> <what>`. */
  async lines(what: string, many: number): Promise<void> {
    await eventually(() => this.count(what) >= many, `${many} lines "… ${what}" in the log`);
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Waits until `holds()`; fails after a long time, naming what it waited for. */
export async function eventually(holds: () => boolean, what: string, limitMs = patienceMs): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`waited ${limitMs} ms for ${what}`);
    await delay(stepMs);
  }
}
