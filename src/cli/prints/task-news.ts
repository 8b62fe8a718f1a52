/** What tasks tell before they are done: how far they are, and what they print. */

import { LineBuffer } from './line-buffer.js';
import { type Print, printKey } from './print-message.js';

/** As a task gave it to `currentTask().report()`. */
export type TaskReport = number | { readonly done: number; readonly total?: number; readonly message?: string };

interface Heard {
  readonly label: string;
  report: TaskReport | undefined;
  lines: LineBuffer | undefined;
  /** Which attempt has printed. */
  attempt: number;
}

export class TaskNews {
  readonly #print: (label: string, line: string) => void;
  /** Of running tasks that have told something, by their index. */
  readonly #heard = new Map<number, Heard>();

  constructor(print: (label: string, line: string) => void) {
    this.#print = print;
  }

  /** What the task option `onReport` gets. */
  take(label: string, told: unknown): void {
    const index = indexOf(label);
    let heard = this.#heard.get(index);
    if (heard === undefined) {
      heard = { label, report: undefined, lines: undefined, attempt: 1 };
      this.#heard.set(index, heard);
    }
    if (isPrint(told)) this.#takePrint(heard, told);
    else heard.report = told as TaskReport;
  }

  /** The task is done. A last line without an end is shown now: before the task is counted. */
  done(index: number): void {
    // Most tasks tell nothing.
    if (this.#heard.size === 0) return;
    const heard = this.#heard.get(index);
    if (heard === undefined) return;
    this.#heard.delete(index);
    for (const line of heard.lines?.end() ?? []) this.#print(heard.label, line);
  }

  reportOf(label: string): TaskReport | undefined {
    return this.#heard.get(indexOf(label))?.report;
  }

  #takePrint(heard: Heard, { [printKey]: text, attempt }: Print): void {
    heard.lines ??= new LineBuffer();
    const before = attempt === heard.attempt ? [] : heard.lines.end();
    heard.attempt = attempt;
    for (const line of [...before, ...heard.lines.take(text)]) this.#print(heard.label, line);
  }
}

/** `#12 photo.jpg` is the task of input 12. */
function indexOf(label: string): number {
  return Number.parseInt(label.slice(1), 10);
}

function isPrint(told: unknown): told is Print {
  return typeof told === 'object' && told !== null && printKey in told;
}
