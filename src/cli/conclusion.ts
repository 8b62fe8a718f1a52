/** What is said of a run that is told to stop, and of one that has ended; and its exit code. */

import { formatDuration } from './durations.js';
import { exitCodes } from './exit-codes.js';
import type { RunJournal } from './journal/run-journal.js';
import type { RunSettings } from './map-settings.js';
import type { Progress } from './progress/progress.js';
import type { RunEnd } from './run.js';
import { summaryLines } from './summary.js';
import type { Tally } from './tally.js';
import type { Terminal } from './terminal.js';
import type { Limit } from './units.js';
import { messageOf, noteOfInit } from './usage-error.js';

/** Says why nothing is started any more, where tasks that run make the command stay. */
export function announce(end: RunEnd, running: number, graceMs: number, terminal: Terminal, progress: Progress): void {
  const why = end.kind === 'interrupted' ? end.signal : end.kind;
  if (running === 0 && end.kind !== 'interrupted') return;
  const grace = graceMs === 0 ? 'running tasks are stopped' : `running tasks have ${formatDuration(graceMs)} to end`;
  progress.hide();
  terminal.write(`${why}: no more inputs; ${grace}${end.kind === 'interrupted' ? ' (again to end now)' : ''}\n`);
}

interface Conclusion {
  readonly notStarted: number | undefined;
  readonly journal: RunJournal | undefined;
  readonly settings: RunSettings;
  /** The page or the trace could not be written. */
  readonly fileProblems: readonly string[];
}

export function conclude(end: RunEnd, tally: Tally, terminal: Terminal, of: Conclusion): number {
  // A reader that has seen enough (`| head`) wants no summary either.
  if (end.kind === 'output lost' && end.loss.kind === 'reader gone') return exitCodes.succeeded;
  if (!of.settings.quiet) terminal.write(`${summaryLines(tally, of.notStarted, terminal).join('\n')}\n`);
  const { code, problem } = verdict(end, tally);
  const problems = problem === undefined ? [] : [`${problem}${initNote(end, of.settings)}`];
  for (const each of [...problems, ...of.fileProblems]) reportProblem(terminal, each);
  if (end.kind !== 'inputs over') hintAtResuming(of.journal, of.settings, terminal);
  return code === exitCodes.succeeded && of.fileProblems.length > 0 ? exitCodes.someFailed : code;
}

/** The last line of a run that was stopped. */
export function hintAtResuming(
  journal: RunJournal | undefined,
  { quiet }: RunSettings,
  { write }: Pick<Terminal, 'write'>,
): void {
  if (journal !== undefined && !quiet) write(`to go on: futures resume ${shellWord(journal.path)}\n`);
}

function verdict(end: RunEnd, tally: Tally): { readonly code: number; readonly problem?: string } {
  switch (end.kind) {
    case 'inputs over':
      return { code: tally.failed > 0 ? exitCodes.someFailed : exitCodes.succeeded };
    case 'interrupted':
      return { code: exitCodes[end.signal] };
    case 'too many failures':
      return { code: exitCodes.someFailed, problem: `stopped after ${failures(end.failed, end.max)}` };
    case 'out of time':
      return { code: exitCodes.outOfTime, problem: `stopped after ${formatDuration(end.limitMs)} (--total-timeout)` };
    case 'input malformed':
      return { code: exitCodes.wrongUsage, problem: `${messageOf(end.error)} (reading stopped there)` };
    case 'refused':
      return { code: exitCodes.wrongUsage, problem: end.error.message };
    case 'executor broken':
      return { code: exitCodes.someFailed, problem: end.error.message };
    case 'journal lost':
      return { code: exitCodes.someFailed, problem: end.message };
    case 'output lost':
      return {
        code: exitCodes.someFailed,
        problem: end.loss.kind === 'write failed' ? end.loss.message : 'the output is closed',
      };
    default:
      return end satisfies never;
  }
}

function initNote(end: RunEnd, { init }: RunSettings): string {
  return end.kind === 'executor broken' ? noteOfInit(end.error.message, init) : '';
}

function failures(count: number, max: Limit): string {
  if ('count' in max && max.count === 0) return `${count === 1 ? 'a failure' : `${count} failures`} (--fail-fast)`;
  return `${count} failures (--max-failures ${'count' in max ? max.count : `${Number((max.share * 100).toFixed(6))}%`})`;
}

function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** One message, as commander words its own. */
export function reportProblem({ colors, write }: Pick<Terminal, 'colors' | 'write'>, message: string): void {
  write(`${colors.red('error:')} ${message}\n`);
}
