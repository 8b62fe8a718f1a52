/** Runs a cell in a process of its own, and says in a few words what was seen. */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const hardLimitMs = 20_000;
const endLimitMs = 4000;
const cell = fileURLToPath(new URL('./cell.mjs', import.meta.url));

/** Whether there is a cell: threads share the process that a signal ends, and some systems have no time limit. */
export function applies(system, fault) {
  const isOfKind = fault.kinds === undefined || fault.kinds.includes(system.kind);
  return isOfKind && !(fault.timeLimitMs !== undefined && system.cannotLimit);
}

/** What was seen of this fault on this system. */
export async function runCell(system, fault) {
  const logPath = join(tmpdir(), `futures-fault-${process.pid}-${system.id}-${fault.id}.log`);
  const { code, signal, endedAfterMs, hasOrphans, printed } = await runProcess([system.id, fault.id, logPath], logPath);
  const events = existsSync(logPath)
    ? readFileSync(logPath, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [];
  rmSync(logPath, { force: true });
  const of = (kind) => events.find((event) => event.kind === kind);
  const others = of('others');
  // A task that settles only when its pool is closed had hung.
  const faulty = events.slice(0, events.indexOf(others)).find(({ kind }) => kind === 'faulty');
  const heard = [
    ...events.filter(({ kind }) => kind === 'heard').map(({ text }) => text),
    ...(others?.reasons ?? []),
    printed,
  ];
  return {
    faulty: others === undefined ? of('faulty') : faulty,
    settledLate: others !== undefined && faulty === undefined ? of('faulty') : undefined,
    others,
    worksAfter: of('after')?.isFine,
    isClosed: of('closed')?.isFine,
    isWarm: of('warm-up')?.isFine,
    hasCrashed: of('closed') === undefined && signal !== 'SIGKILL',
    hasEnded: of('closed') !== undefined && signal !== 'SIGKILL' && endedAfterMs < endLimitMs,
    isHeard: heard.some((text) => text.includes('fault: ')),
    hasOrphans,
    exit: signal ?? code,
    printed,
  };
}

/** The process leads a group of its own, so that whatever it leaves behind is found and ended. */
function runProcess(args, logPath) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [cell, ...args], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (printed += bytes));
    const endGroup = () => {
      try {
        return process.kill(-child.pid, 'SIGKILL');
      } catch {
        // Nobody is left in it.
        return false;
      }
    };
    let closedAt;
    const watch = setInterval(() => {
      if (existsSync(logPath) && readFileSync(logPath, 'utf8').includes('"kind":"closed"'))
        closedAt ??= performance.now();
      if (closedAt !== undefined && performance.now() - closedAt > endLimitMs + 500) endGroup();
    }, 100);
    const timer = setTimeout(endGroup, hardLimitMs);
    child.once('exit', (code, signal) => {
      clearInterval(watch);
      clearTimeout(timer);
      const endedAfterMs = closedAt === undefined ? 0 : performance.now() - closedAt;
      // Workers that are just ending are no orphans.
      setTimeout(() => resolve({ code, signal, endedAfterMs, hasOrphans: endGroup(), printed }), 500);
    });
  });
}

/** What went wrong, in few words; none when all is right. */
export function problemsOf(fault, seen) {
  const { faulty, others, worksAfter, hasCrashed, hasEnded, isHeard, hasOrphans, isWarm, isClosed } = seen;
  if (isWarm === false) return ['did not start'];
  const problems = [];
  if (hasCrashed) problems.push('program crashed');
  if (faulty === undefined && !hasCrashed) problems.push('hung');
  if (faulty?.isRight === false) problems.push(faulty.state === 'resolved' ? 'wrong value' : 'vague error');
  if (others?.failed > 0) problems.push(`lost ${others.failed}`);
  if (others?.pending > 0) problems.push(`hung ${others.pending} more`);
  if (fault.isStray && faulty?.state === 'resolved' && !isHeard) problems.push('silent');
  if (worksAfter === false) problems.push('pool dead');
  if (isClosed === false) problems.push('closing fails');
  if (!hasCrashed && !hasEnded) problems.push('does not end');
  if (hasOrphans) problems.push('orphan');
  return problems;
}
