/** A file for each task that prints, written by its worker: it has everything that the task has printed, whatever happens next. */

import { closeSync, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { CurrentTask } from 'concurrent-futures';
import type { LogsFolder } from './logs-folder.js';

export class LogFiles {
  readonly #folder: LogsFolder;
  #open: { readonly task: CurrentTask; readonly file: number } | undefined;
  #hasComplained = false;

  constructor(folder: LogsFolder) {
    this.#folder = folder;
  }

  /** @param otherwise takes what can't be kept */
  keeper(otherwise: (bytes: string | Uint8Array) => void): (task: CurrentTask, bytes: string | Uint8Array) => void {
    return (task, bytes) => {
      try {
        this.#write(task, bytes);
      } catch (error) {
        // Printing never fails a task.
        if (!this.#hasComplained) otherwise(`can't write the log of ${task.name}: ${(error as Error).message}\n`);
        this.#hasComplained = true;
        otherwise(bytes);
      }
    };
  }

  #write(task: CurrentTask, bytes: string | Uint8Array): void {
    const file = this.#open?.task === task ? this.#open.file : this.#begin(task);
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    for (let written = 0; written < buffer.length; ) written += writeSync(file, buffer, written);
  }

  #begin(task: CurrentTask): number {
    if (this.#open !== undefined) closeSync(this.#open.file);
    this.#open = undefined;
    const path = join(this.#folder.path, logName(task.name));
    // The attempt before may have printed nothing: then what is there is of another run.
    const isNew = task.attempt === 1 || isOlder(path, this.#folder.since);
    const file = openSync(path, isNew ? 'w' : 'a+');
    this.#open = { task, file };
    if (task.attempt > 1) writeSync(file, `${endsMidLine(file) ? '\n' : ''}--- attempt ${task.attempt} ---\n`);
    return file;
  }
}

/** A file's time is that of the kernel's last tick. */
const tickMs = 20;

function isOlder(path: string, since: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.mtimeMs < since - tickMs;
}

function endsMidLine(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
}

/** `#12 in/photo.jpg` → `000012-in_photo.jpg.log`: of the input what every file system takes. */
function logName(label: string): string {
  const [, index = '', input = ''] = /^#(\d+) ?(.*)$/su.exec(label) ?? [];
  const safe = input.replaceAll(/[^\p{L}\p{M}\p{N}.-]+/gu, '_').replaceAll(/^[_.]+|[_.]+$/g, '');
  return `${[index.padStart(6, '0'), ...(safe === '' ? [] : [safe])].join('-')}.log`;
}
