/** A terminal that a test looks at: tmux, with a server of the test's own. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

export class TmuxWindow implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'futures-tmux-'));

  /** Runs a line of shell in a window of that size. When it has ended, a line tells its exit code. */
  constructor(line: string, { columns, rows }: WindowSize, env: Readonly<Record<string, string>>) {
    const config = join(this.#folder, 'tmux.conf');
    writeFileSync(config, 'set -g status off\nset -g history-limit 5000\nset -g escape-time 0\n');
    const variables = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const size = ['-x', `${columns}`, '-y', `${rows}`];
    // What the shell itself does at Ctrl-C: nothing.
    const script = `trap : INT; ${line}; echo "exit code $?"; exec sleep 1000000`;
    this.#tmux('-u', '-f', config, 'new-session', '-d', ...size, ...variables, 'sh', '-c', script);
  }

  /** What is on the screen; with `history` also what has left it at the top. */
  text({ history = false, colors = false }: { readonly history?: boolean; readonly colors?: boolean } = {}): string {
    return this.#tmux('capture-pane', '-p', ...(colors ? ['-e'] : []), ...(history ? ['-S', '-'] : []));
  }

  get isCursorShown(): boolean {
    return this.#tmux('display-message', '-p', '#{cursor_flag}').trim() === '1';
  }

  /** The process group that the terminal's keys signal. */
  get processGroup(): number {
    return Number(this.#tmux('display-message', '-p', '#{pane_pid}'));
  }

  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  resize({ columns, rows }: WindowSize): void {
    this.#tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`);
  }

  [Symbol.dispose](): void {
    try {
      this.#tmux('kill-server');
    } catch {
      // It has ended with its window.
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #tmux(...args: string[]): string {
    const { TMUX: _outer, ...env } = process.env;
    return execFileSync('tmux', ['-S', join(this.#folder, 'socket'), ...args], { encoding: 'utf8', env });
  }
}
