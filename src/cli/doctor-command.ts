/** `futures doctor`: whether pools can work on this machine, and what to do where they can't. */

import pc from 'picocolors';
import { type Report, runCheck, type Status } from './doctor/check.js';
import { machineChecks, terminalCheck } from './doctor/machine.js';
import { workerChecks } from './doctor/workers.js';
import { exitCodes } from './exit-codes.js';
import { wantsColors } from './terminal.js';

export interface DoctorFlags {
  readonly json?: boolean;
  readonly execPath?: string;
}

const linesMax = 6;
const marks: Readonly<Record<Status, string>> = { ok: '✓', failed: '✗', note: '–' };

/** Runs the checks one after the other, since each may be what disturbs the next, and gives the exit code. */
export async function runDoctor({ json = false, execPath }: DoctorFlags): Promise<number> {
  const reports: Report[] = [];
  for (const check of [...machineChecks, ...workerChecks(execPath), terminalCheck]) {
    const report = await runCheck(check, failures(reports));
    reports.push(report);
    if (!json) await print(lines(report));
  }
  const failed = failures(reports).length;
  if (json) await print(`${JSON.stringify({ ok: failed === 0, checks: reports })}\n`);
  else await print(failed === 0 ? '\npools can work here\n' : `\n${failed} of ${reports.length} checks failed\n`);
  return failed === 0 ? exitCodes.succeeded : exitCodes.someFailed;
}

function failures(reports: readonly Report[]): string[] {
  return reports.flatMap(({ name, status }) => (status === 'failed' ? [name] : []));
}

function lines({ name, status, message, advice, ms }: Report): string {
  const colors = pc.createColors(wantsColors(process.stdout.isTTY === true, process.env));
  const paint = { ok: colors.green, failed: colors.red, note: colors.dim }[status];
  // What a worker said last may be a long stack; the whole of it is in the JSON.
  const said = message
    .trimEnd()
    .split('\n')
    .filter((line) => line.trim() !== '');
  const indented = [...said.slice(0, linesMax), ...(said.length > linesMax ? ['…'] : [])].join('\n    ');
  const toDo = advice === undefined ? '' : `\n    ${colors.bold(advice)}`;
  return `${paint(marks[status])} ${name}: ${indented} ${colors.dim(`(${ms} ms)`)}${toDo}\n`;
}

/** Resolves when the text has left this process, or its reader is gone. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
