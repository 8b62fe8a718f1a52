/** A submitter or a worker as a process of its own: see fixtures/party.mjs. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface Told {
  readonly type: string;
  readonly text?: string;
  readonly names?: readonly string[];
}

const script = fileURLToPath(new URL('../fixtures/party.mjs', import.meta.url));

export class Party {
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #told: Told[] = [];
  readonly #waiting = new Set<() => void>();
  #hasEnded = false;

  constructor() {
    this.#process = fork(script, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#process.on('message', (told: Told) => {
      this.#told.push(told);
      this.#wake();
    });
    this.#ended = new Promise((resolve) =>
      this.#process.once('exit', () => {
        this.#hasEnded = true;
        this.#wake();
        resolve();
      }),
    );
  }

  /** What it has said of itself. */
  get log(): string[] {
    return this.#told.flatMap(({ type, text }) =>
      text === undefined ? [] : [`${type === 'log' ? '' : `${type}: `}${text}`],
    );
  }

  /** Forgets what it has said. */
  begin(): void {
    this.#told.length = 0;
  }

  do(deed: string, more: object = {}): void {
    if (!this.#hasEnded) this.#process.send({ deed, ...more }, () => {});
  }

  /** What it says of that kind; `undefined` where it ends without. Throws where it fails. */
  async heard(type: string): Promise<Told | undefined> {
    for (;;) {
      const failed = this.#told.find((told) => told.type === 'failed');
      if (failed !== undefined) throw new Error(failed.text);
      const told = this.#told.find((each) => each.type === type);
      if (told !== undefined || this.#hasEnded) return told;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#ended;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
