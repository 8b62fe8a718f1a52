/**
 * Runs the functions of a module in every way and tells where the outcomes differ (or where one was not refused). A process of its own, without a loader, so
 * that the texts are those of the files.
 *
 *   { folder } ──► folder/<way>/program.mjs, one copy per way ──► outcomes ──► { differences, functions }
 */

import { inspect, isDeepStrictEqual } from 'node:util';
import { FunctionNotPortableError, InlineExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from 'concurrent-futures';

const executors = {
  inline: new InlineExecutor(),
  thread: new ThreadPoolExecutor({ maxWorkers: 1 }),
  process: new ProcessPoolExecutor({ maxWorkers: 1 }),
};

/** What a function did, as data that can be compared. */
async function outcomeOf(run) {
  try {
    return { result: structuredClone(await run()) };
  } catch (error) {
    if (!(error instanceof Error)) return { thrown: error };
    // By the names under which both sides report that a result can't be copied.
    if (error.name === 'NotSerializableError' || error.name === 'DataCloneError') return { notCopied: true };
    const { name, message, detail, variable } = error;
    return { thrown: error.constructor.name, name, message, detail, variable };
  }
}

const load = async (folder, way) => (await import(new URL(`${way}/program.mjs`, folder).href)).cases;

async function compare(folder) {
  const pooled = await load(folder, 'pooled');
  const inline = await load(folder, 'inline');
  const direct = await load(folder, 'direct');
  const differences = [];
  let functions = 0;
  let results = 0;
  const outcomes = pooled.map(async ([fn, args], i) => {
    const [process, thread] = [
      outcomeOf(() => executors.process.submit(fn, ...args)),
      outcomeOf(() => executors.thread.submit(fn, ...args)),
    ];
    const [same, sameArgs] = inline[i];
    return {
      inline: await outcomeOf(() => executors.inline.submit(same, ...sameArgs)),
      thread: await thread,
      process: await process,
    };
  });
  for (const [i, pending] of outcomes.entries()) {
    if (pending === undefined) continue;
    functions += 1;
    const seen = await pending;
    const [fn, args] = direct[i];
    // Both assign variables and change objects that they captured, so each has a copy of the module, and this comes last.
    const expected = await outcomeOf(async () => fn(...structuredClone(args)));
    if ('result' in expected) results += 1;
    for (const [way, outcome] of Object.entries(seen)) {
      if (isDeepStrictEqual(outcome, expected)) continue;
      differences.push({ index: i, way, expected: show(expected), seen: show(outcome), fn: String(fn) });
    }
  }
  return { differences, functions, results };
}

/** Every function must be refused in the call to `submit`, by the name of what it uses. */
async function refuse(folder) {
  const cases = await load(folder, 'pooled');
  const differences = [];
  let functions = 0;
  for (const [index, given] of cases.entries()) {
    if (given === undefined) continue;
    const [fn, variable] = given;
    functions += 1;
    for (const [way, executor] of Object.entries(executors)) {
      let seen;
      try {
        const future = executor.submit(fn);
        seen = `it was taken: ${show(await outcomeOf(() => future))}`;
      } catch (error) {
        if (error instanceof FunctionNotPortableError && error.variable === variable) continue;
        seen = `${error.variable}: ${error.stack}`;
      }
      differences.push({
        index,
        way,
        expected: `a FunctionNotPortableError that names ${variable}`,
        seen,
        fn: String(fn),
      });
    }
  }
  return { differences, functions };
}

const show = (outcome) => inspect(outcome, { depth: 8, breakLength: 120, maxArrayLength: 30 });

process.on('message', async ({ folder, areRefused }) => {
  try {
    process.send(await (areRefused ? refuse : compare)(folder));
  } catch (error) {
    process.send({ broken: String(error?.stack ?? error) });
  }
});
process.on('disconnect', () => {
  for (const executor of Object.values(executors)) void executor.shutdown();
});
process.send('ready');
