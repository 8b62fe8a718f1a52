/**
 * One contender of a row, in this process and nothing else in it: `node --expose-gc contender.mjs '{"file":…,"row":…}'`.
 *
 *   once:  open, run ──► { value }                      (what starting up, loading or a fresh heap cost)
 *   kept:  open ──► { ready }, then for each line on standard input: run ──► { value }
 *
 * Loads nothing but the row's file, so that what the row measures is the first to load it.
 */

const { file, row: rowId, contender: contenderId, size, isKept } = JSON.parse(process.argv[2]);
const { default: group } = await import(file);
const row = group.rows.find(({ id }) => id === rowId);
const contender = row.contenders.find(({ id }) => id === contenderId);

const opened = await contender.open(size);

async function run() {
  // The garbage of one run is not the next one's cost. A process that runs once has none, and would lose code that it needs again.
  if (isKept) globalThis.gc?.();
  return { value: await opened.run() };
}

if (isKept) {
  console.log(JSON.stringify({ ready: true }));
  // Each line asks for one run; the end of the input ends this process.
  for await (const _line of process.stdin) console.log(JSON.stringify(await run()));
} else {
  console.log(JSON.stringify(await run()));
}
await opened.close?.();
process.exit();
