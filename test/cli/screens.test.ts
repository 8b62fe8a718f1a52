import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from './bounded-test.js';
import { commandPath, fixtures, temporaryDirectory, until, untilExists } from './command.js';
import { assertScreen } from './screens.js';
import { missing } from './system-package.js';
import { TmuxWindow, type WindowSize } from './tmux.js';

const wide = { columns: 80, rows: 24 };
const narrow = { columns: 40, rows: 12 };
const skip = missing('tmux');

type Act =
  | { readonly print: string }
  | { readonly report: unknown }
  | { readonly fail: string }
  | { readonly end: true };

/** Names that would take a careless view apart: control characters, wide ones, a long path. */
const names = [
  'photo.jpg',
  '日本語の写真を集めた大きなアルバム.jpg',
  'evil\x1b[2J\x07\u202egpj.exe',
  '👩‍👩‍👧‍👦 family.png',
  'albums/2024/summer/a-very-long-name-of-a-folder/and-another-one/beach.jpg',
  'last.jpg',
];

/** The command in a window, its tasks doing what {@link Scene.act} says. */
class Scene implements Disposable {
  readonly #directory = temporaryDirectory();
  readonly #acts = new Map<number, number>();
  readonly window: TmuxWindow;
  /** Where inputs come from one by one, with `inputs: 'pipe'`. */
  #pipe: number | undefined;

  constructor(
    size: WindowSize,
    args: readonly string[],
    { inputs, env = {} }: { readonly inputs: readonly string[] | 'pipe'; readonly env?: Record<string, string> },
  ) {
    const source = join(this.#directory.path, 'inputs');
    if (inputs === 'pipe') execFileSync('mkfifo', [source]);
    else writeFileSync(source, JSON.stringify(inputs));
    const from = inputs === 'pipe' ? `--input - < ${source}` : `--input ${source} --input-format json`;
    const command = [process.execPath, commandPath, 'map', './acts.mjs#perform', ...args];
    const line = `cd ${fixtures} && ${command.join(' ')} --output ${this.#directory.path}/out.jsonl ${from}`;
    this.window = new TmuxWindow(line, size, { ACTS: this.#directory.path, NODE_OPTIONS: '', NO_COLOR: '', ...env });
    // Opens once the command reads.
    if (inputs === 'pipe') this.#pipe = openSync(source, constants.O_WRONLY);
  }

  /** Hands over one more input, and waits until its task runs. */
  async give(index: number, input: string): Promise<void> {
    writeSync(this.#pipe as number, `${input}\n`);
    await this.started(index);
  }

  endInputs(): void {
    closeSync(this.#pipe as number);
    this.#pipe = undefined;
  }

  started(...indexes: number[]): Promise<unknown> {
    return Promise.all(indexes.map((index) => untilExists(join(this.#directory.path, `${index}-started`))));
  }

  act(index: number, ...acts: Act[]): void {
    for (const act of acts) {
      const number = (this.#acts.get(index) ?? 0) + 1;
      this.#acts.set(index, number);
      // Moved there, since a task that looks must not find half of it.
      renameSync(this.#directory.write('next', JSON.stringify(act)), join(this.#directory.path, `${index}-${number}`));
    }
  }

  open(): void {
    this.#directory.write('open', '');
  }

  shows(text: string): Promise<void> {
    return until(() => this.window.text().includes(text));
  }

  [Symbol.dispose](): void {
    if (this.#pipe !== undefined) closeSync(this.#pipe);
    this.window[Symbol.dispose]();
    this.#directory[Symbol.dispose]();
  }
}

describe('the live view', () => {
  it('shows a run from its start to its end (80x24)', { skip }, async () => {
    using scene = new Scene(wide, ['-w', '6', '--init', './acts.mjs#untilOpen', '--max-tasks-per-worker', '1000'], {
      inputs: names,
    });
    await assertScreen(scene.window, 'wide-1-starting');
    scene.open();
    await scene.started(0, 1, 2, 3, 4, 5);
    await assertScreen(scene.window, 'wide-2-running');
    scene.act(0, { report: { done: 3, total: 12, message: 'resizing' } });
    scene.act(1, { report: 0.45 });
    scene.act(2, { report: { done: 7, message: '\x1b[31mレイヤー' } });
    await assertScreen(scene.window, 'wide-3-reports');
    scene.act(
      0,
      { print: 'first line\nsecond \x1b[32mgreen\x1b[0m line\r\n' },
      { print: '10 %\r100 %\nwithout an end' },
    );
    await scene.shows('100 %');
    scene.act(1, { print: 'bell \x07 and \x1b[2J\n' });
    await assertScreen(scene.window, 'wide-4-prints');
    scene.act(1, { fail: 'no such picture\nsecond line' });
    await scene.shows('✗ #1');
    scene.act(2, { fail: 'not a picture: \x1b[2Jit is a program that has a very long message, longer than a window' });
    await scene.shows('✗ #2');
    scene.act(0, { end: true });
    await assertScreen(scene.window, 'wide-5-failures');
    for (const index of [3, 4, 5]) scene.act(index, { end: true });
    await assertScreen(scene.window, 'wide-6-end');
    assert.equal(scene.window.isCursorShown, true);
  });

  it('survives a window that gets narrower and wider again', { skip }, async () => {
    using scene = new Scene(wide, ['-w', '3'], { inputs: names.slice(2, 5) });
    await scene.started(0, 1, 2);
    scene.act(0, { print: 'a line that is so long that it takes two rows of a window with forty columns\n' });
    scene.act(1, { fail: 'no such picture, and so much to say about it that it does not fit the window' });
    scene.act(2, { report: { done: 1, total: 3, message: 'a message that does not fit into a narrow window' } });
    await assertScreen(scene.window, 'resize-1-wide');
    scene.window.resize(narrow);
    await assertScreen(scene.window, 'resize-2-narrow');
    scene.window.resize(wide);
    await assertScreen(scene.window, 'resize-3-wide-again');
    scene.window.resize({ columns: 120, rows: 8 });
    await assertScreen(scene.window, 'resize-4-low');
    scene.window.resize(wide);
    await assertScreen(scene.window, 'resize-5-wide-at-last');
    const all = scene.window.text({ history: true });
    assert.match(all, /a line that is so long that it takes two rows of a window\n? with forty columns/);
    assert.equal(all.split('1/3 ·').length, 2, `nothing is left of older views:\n${all}`);
  });

  it('makes do with a few rows and columns', { skip }, async () => {
    using scene = new Scene({ columns: 20, rows: 5 }, ['-w', '3'], { inputs: names.slice(2, 5) });
    await scene.started(0, 1, 2);
    scene.act(1, { fail: 'no such picture' });
    await assertScreen(scene.window, 'tiny');
  });

  it('shows what matters most in a small window (40x12)', { skip }, async () => {
    using scene = new Scene(narrow, ['-w', '9', '--grace', '1h'], { inputs: 'pipe' });
    await assertScreen(scene.window, 'narrow-1-waiting');
    for (let index = 0; index < 9; index++) await scene.give(index, names[index % names.length] as string);
    await assertScreen(scene.window, 'narrow-2-running');
    scene.act(0, { report: { done: 3, total: 12, message: 'resizing' } });
    scene.act(1, { report: 0.45 });
    scene.act(2, { print: 'first\nsecond\n' });
    await assertScreen(scene.window, 'narrow-3-prints');
    for (const index of [5, 6, 7]) {
      scene.act(index, { fail: `no such picture ${index}` });
      await scene.shows(`✗ #${index}`);
    }
    await assertScreen(scene.window, 'narrow-4-failures');
    scene.window.press('C-c');
    await assertScreen(scene.window, 'narrow-5-interrupted');
    for (const index of [0, 1, 2, 3, 4, 8]) scene.act(index, { end: true });
    await assertScreen(scene.window, 'narrow-6-end');
  });

  it('leaves the terminal as it was at a second Ctrl-C', { skip }, async () => {
    using scene = new Scene(wide, ['-w', '2', '--grace', '1h'], { inputs: names.slice(0, 2) });
    await scene.shows('2 running');
    assert.equal(scene.window.isCursorShown, false);
    scene.window.press('C-c');
    await scene.shows('SIGINT: no more inputs');
    await scene.shows('2 running');
    scene.window.press('C-c');
    await assertScreen(scene.window, 'interrupted-twice');
    assert.equal(scene.window.isCursorShown, true);
  });

  it('gives the terminal back while it is stopped by Ctrl-Z', { skip }, async () => {
    using scene = new Scene(wide, ['-w', '2'], { inputs: names.slice(0, 2) });
    await scene.shows('2 running');
    assert.equal(scene.window.isCursorShown, false);
    scene.window.press('C-z');
    await until(() => scene.window.isCursorShown && !scene.window.text().includes('2 running'));
    process.kill(-scene.window.processGroup, 'SIGCONT');
    await scene.shows('2 running');
    assert.equal(scene.window.isCursorShown, false);
  });

  it('has no colors with NO_COLOR, and otherwise has', { skip }, async () => {
    for (const [NO_COLOR, isColored] of [
      ['1', false],
      ['', true],
    ] as const) {
      using scene = new Scene(wide, ['-w', '1'], { inputs: names.slice(0, 1), env: { NO_COLOR } });
      await scene.shows('1 running');
      scene.act(0, { print: 'text\n' });
      await scene.shows('text');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      assert.equal(/\x1b\[[\d;]*m/.test(scene.window.text({ colors: true })), isColored);
    }
  });

  it('is no view on a terminal that can not move its cursor', { skip }, async () => {
    using scene = new Scene(wide, ['-w', '1'], { inputs: names.slice(0, 1), env: { TERM: 'dumb' } });
    await scene.started(0);
    scene.act(0, { print: 'text\n' }, { end: true });
    await assertScreen(scene.window, 'dumb');
  });
});
