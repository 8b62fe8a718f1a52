/** Screens as they should look: text files, compared with what a terminal shows once what differs from run to run is out. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TmuxWindow } from './tmux.js';

const folder = fileURLToPath(new URL('./screens/', import.meta.url));
const isUpdate = process.env['UPDATE_GOLDEN'] === '1';
const patienceMs = 30_000;

/** Waits until the window shows what `screens/<name>.txt` holds. With `UPDATE_GOLDEN=1` the file is written instead. */
export async function assertScreen(window: TmuxWindow, name: string): Promise<void> {
  const path = join(folder, `${name}.txt`);
  if (isUpdate) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, await settled(window));
    return;
  }
  const wanted = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const givenUpAt = Date.now() + patienceMs;
  while (masked(window.text()) !== wanted && Date.now() < givenUpAt) await delay(50);
  assert.equal(masked(window.text()), wanted, `${name} (UPDATE_GOLDEN=1 takes what is shown now)`);
}

/** What the window shows when nothing has changed any more for a while. */
async function settled(window: TmuxWindow): Promise<string> {
  for (let before = ''; ; ) {
    await delay(1500);
    const now = masked(window.text());
    if (now === before) return now;
    before = now;
  }
}

/** Times and rates, which worker runs which task, and the order that follows from it. */
function masked(screen: string): string {
  const lines = screen.trimEnd().split('\n');
  return `${sortWorkers(lines.map(maskLine)).join('\n')}\n`;
}

function maskLine(line: string): string {
  return line
    .replace(/^\d+ +[\d.]+ m?s(?= {2}#)/, 'w       time')
    .replace(/^\d+ +(?=(idle|starting)$)/, 'w             ')
    .replaceAll(/(\d+ [hm] )?[\d.]+ m?s\b/g, 'time')
    .replaceAll(/[\d.]+( tasks)?\/s/g, 'rate$1/s')
    .trimEnd();
}

function sortWorkers(lines: readonly string[]): string[] {
  const isWorker = (line: string): boolean => line.startsWith('w   ');
  const sorted = lines.filter(isWorker).sort();
  return lines.map((line) => (isWorker(line) ? (sorted.shift() as string) : line));
}
