import { openProcessPingPong, openThreadPingPong } from '../bare/pools.mjs';
import { systemById } from '../systems.mjs';

/** Milliseconds from `new` to the first result, in a process that has loaded the package. */
function startUpOf({ id, label, isOurs, packageName, open }, goal) {
  return {
    id,
    label,
    isOurs,
    goal,
    async open() {
      if (packageName !== undefined) await import(packageName);
      let pool;
      return {
        async run() {
          const startedAt = performance.now();
          pool = await open(1);
          const result = await pool.run(1);
          const ms = performance.now() - startedAt;
          if (result !== 2) throw new Error(`the first result is ${result}`);
          return ms;
        },
        close: () => pool.close(),
      };
    },
  };
}

const bareThread = { id: 'bare', label: 'bare Worker, to its first message', open: openThreadPingPong };
const bareProcess = { id: 'bare', label: 'bare fork, to its first message', open: openProcessPingPong };

const row = (id, title, contenders) => ({
  id,
  title,
  unit: 'ms',
  isFresh: true,
  runs: 11,
  size: { full: {}, quick: {} },
  contenders,
});

export default {
  title: 'Start-up',
  text: 'From `new` to the first result, one worker, in 11 fresh processes. Less is better.',
  rows: [
    row('start-up-threads', 'Start-up of a thread', [
      startUpOf(systemById('thread')),
      startUpOf(systemById('piscina'), { atMost: 1 }),
      startUpOf(systemById('workerpool-thread')),
      startUpOf(systemById('tinypool-thread')),
      startUpOf(bareThread),
    ]),
    row('start-up-processes', 'Start-up of a process', [
      startUpOf(systemById('process')),
      startUpOf(bareProcess, { atMost: 1.1 }),
      startUpOf(systemById('workerpool-process')),
      startUpOf(systemById('tinypool-process')),
    ]),
  ],
};
