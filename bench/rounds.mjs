/**
 * A row, measured: round by round, each contender once per round, so that a machine that gets slower or faster meanwhile hits all
 * of them alike. The first round, in which they warm up, is thrown away; and each round begins with another contender.
 */

import { openContender, pythonVersion } from './child.mjs';

/**
 * Gives a list of `{ contender, variant, metric, runs, failure, missing }`: one for each contender, variant and metric. `runs` are
 * values in the order of the rounds. `failure` says why there are none, `missing` what this machine lacks.
 *
 * Quick is one round of everything at the same time: it shows that all of it works, and measures nothing.
 */
export async function measureRow(file, row, isQuick) {
  const variants = (row.variants ?? [{ label: '' }]).filter(({ isFullOnly }) => !(isFullOnly && isQuick));
  const measured = variants.map((variant) => ({
    variant,
    entries: row.contenders.map((contender) => ({ contender, runs: [], missing: lackOf(contender) })),
  }));
  const measure = isQuick ? tryAll : measureInRounds;
  await inTurn(measured, !isQuick, ({ variant, entries }) => {
    const present = entries.filter(({ missing }) => missing === undefined);
    return measure(file, row, { ...row.size[isQuick ? 'quick' : 'full'], ...variant }, present);
  });
  return measured.flatMap(({ variant, entries }) => entries.flatMap((entry) => byMetric(row, variant, entry)));
}

/** What this machine has not got, and the contender needs. */
function lackOf({ python }) {
  return python !== undefined && pythonVersion === undefined ? 'no python3 here' : undefined;
}

async function measureInRounds(file, row, size, entries) {
  await inTurn(entries, false, (entry) => open(file, row, size, entry));
  if (!row.isFresh) await inTurn(entries, true, (entry) => attempt(entry, () => entry.opened.run()));
  for (let round = 0; round < (row.runs ?? 5); round++) {
    const first = round % entries.length;
    await inTurn([...entries.slice(first), ...entries.slice(0, first)], true, runOnce);
  }
  await inTurn(entries, false, close);
}

function tryAll(file, row, size, entries) {
  return inTurn(entries, false, async (entry) => {
    await open(file, row, size, entry);
    await runOnce(entry);
    await close(entry);
  });
}

/** Each in its turn, or all at once. */
async function inTurn(list, hasTurns, step) {
  if (!hasTurns) await Promise.all(list.map(step));
  else for (const each of list) await step(each);
}

const open = (file, row, size, entry) =>
  attempt(entry, async () => {
    entry.opened = await openContender(file, row, entry.contender, size);
  });
const runOnce = (entry) =>
  attempt(entry, async () => {
    entry.runs.push(await entry.opened.run());
  });
const close = (entry) => entry.opened?.close();

/** A contender that failed once is out. */
async function attempt(entry, step) {
  if (entry.failure !== undefined) return;
  try {
    await step();
  } catch (error) {
    entry.failure = error.message;
  }
}

function byMetric(row, variant, { contender, runs, failure, missing }) {
  return (row.metrics ?? ['']).map((metric) => {
    const values = metric === '' ? runs : runs.map((value) => value[metric]);
    const wrong = values.find((value) => !(Number.isFinite(value) && value > 0));
    const isWrong = failure === undefined && wrong !== undefined;
    return {
      contender,
      variant: variant.label,
      metric,
      runs: failure === undefined && !isWrong ? values : [],
      failure: isWrong ? `not a measurement: ${wrong}` : failure,
      missing,
    };
  });
}
