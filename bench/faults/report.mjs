/** What was seen of the faults, as Markdown. */

import { machineAndVersions, markdownTable } from '../machine.mjs';

const packages = ['concurrent-futures', 'piscina', 'tinypool', 'workerpool', 'poolifier', 'jest-worker'];

const legend = [
  [
    '✓',
    'everything is right: the faulty task settled with its value or the true cause, the 99 others gave their values, the pool works afterwards, the program lives, and ends by itself after closing',
  ],
  ['✗ hung', 'the faulty task never settled (nothing moved for 5 seconds; for 9 where 200 MB are on their way)'],
  ['✗ vague error', 'it failed, but nothing in the error says why'],
  ['✗ wrong value', 'it resolved, as if nothing had happened'],
  ['✗ lost 12', '12 of the 99 other tasks failed'],
  ['✗ hung 12 more', '12 of the 99 other tasks never settled'],
  ['✗ pool dead', 'four tasks that were submitted later did not give their values within 4 seconds'],
  [
    '✗ silent',
    'the task was done, and of the error that came later nobody was told: no event, no output, no other error',
  ],
  ['✗ program crashed', 'the process that owns the pool ended before it came to an end'],
  ['✗ closing fails', 'closing the pool rejected, or took longer than 4 seconds'],
  ['✗ does not end', 'the pool was closed, and the program was still there 4 seconds later'],
  ['✗ orphan', 'the program had ended, and a child process of the pool had not'],
  ['–', 'does not exist there: threads have no process of their own to kill; jest-worker has no time limit'],
];

function cellText({ problems }) {
  return problems.length === 0 ? '✓' : `✗ ${problems.join(', ')}`;
}

/** Text that fits into a cell of a table. */
function inCell(text) {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('`', "'");
  return `\`${line.length > 140 ? `${line.slice(0, 140)}…` : line}\``;
}

function atClosing({ settledLate }) {
  return settledLate === undefined ? 'nothing' : `${settledLate.state} at closing: ${inCell(settledLate.text)}`;
}

function detailRow({ fault, system, seen, problems }) {
  const { faulty, others, worksAfter, printed, exit } = seen;
  const outcome = faulty === undefined ? atClosing(seen) : `${faulty.state}: ${inCell(faulty.text)}`;
  const reason = others?.reasons[0] === undefined ? '' : `: ${inCell(others.reasons[0])}`;
  const lastWords = seen.hasCrashed ? ` exit ${exit}, ${inCell(printed.slice(-300))}` : '';
  return [
    fault.label,
    system.label,
    problems.join(', '),
    outcome,
    others === undefined ? '' : `${others.right} of 99${reason}`,
    `${worksAfter === undefined ? '' : worksAfter ? 'yes' : 'no'}${lastWords}`,
  ];
}

/** The whole page. */
export function faultReport(cells, faults, systems) {
  const cellOf = (fault, system) => cells.find((cell) => cell.fault === fault && cell.system === system);
  const rows = faults.map((fault) => [
    fault.label,
    ...systems.map((system) => {
      const cell = cellOf(fault, system);
      return cell === undefined ? '–' : cellText(cell);
    }),
  ]);
  const totals = systems.map((system) => {
    const its = cells.filter((cell) => cell.system === system);
    return `${its.filter(({ problems }) => problems.length === 0).length} of ${its.length}`;
  });
  const failures = cells.filter(({ problems }) => problems.length > 0).map(detailRow);
  return `# Faults

Written by \`node bench/faults.mjs --out bench/FAULTS.md\` (about five minutes; \`--system PREFIX\` and \`--fault NAME\` pick cells). A pool of two
workers is warmed up, is given a batch of 100 tasks of 2 ms at once, of which the 51st fails in the way of its row, then four more tasks, and is
closed. Each cell is a process of its own with 20 seconds at most, and all are judged by the same rules
([faults.mjs](faults/faults.mjs) says what is right, [verdict.mjs](faults/verdict.mjs) what is wrong). Each pool is set up as its documentation
says ([systems.mjs](faults/systems.mjs)), with listeners for the errors that it emits, and its own time limit: \`with({ timeout })\`, an
\`AbortSignal\`, \`promise.timeout()\`. poolifier runs with its tasks queue, since without it fifty tasks are on a worker at once. What depends on
timing (an error in a later timer) may cost no task in one run and one in the next.

${machineAndVersions(packages)}

${markdownTable(['one task …', ...systems.map(({ label }) => label)], [...rows, ['**right**', ...totals]], '---')}

${markdownTable(['cell', 'what was seen'], legend, '---')}

## In detail

${markdownTable(['one task …', 'system', '', 'it became of it', 'values of the others', 'works afterwards'], failures, '---')}
`;
}
