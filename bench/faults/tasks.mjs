/** One function for all systems: a short task, or one that fails in the way that its input names. */

import { setTimeout as sleep } from 'node:timers/promises';

const hugeLength = 200_000_000;

const faults = {
  throw: () => {
    throw new RangeError('fault: thrown');
  },
  reject: async () => {
    await sleep(1);
    throw new RangeError('fault: rejected');
  },
  'exit-0': () => process.exit(0),
  'exit-3': () => process.exit(3),
  abort: () => process.abort(),
  kill: () => {
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => {});
  },
  memory: () => {
    const hoard = [];
    for (;;) hoard.push(new Array(1000).fill(hoard.length));
  },
  endless: () => {
    for (;;);
  },
  late: () => {
    setTimeout(() => {
      throw new RangeError('fault: late');
    }, 5);
    return 'done';
  },
  floating: () => {
    Promise.reject(new RangeError('fault: floating'));
    return 'done';
  },
  'result-function': () => ({ size: 3, onDone() {} }),
  'error-function': () => {
    throw Object.assign(new RangeError('fault: error with a function'), { onDone() {} });
  },
  'error-symbol': () => {
    throw new RangeError('fault: error with a symbol', { cause: Symbol('cause') });
  },
  'thrown-function': () => {
    throw function thrown() {};
  },
  huge: () => `<${'x'.repeat(hugeLength)}>`,
};

/** Twice the number, a little later; or the fault. */
export async function task({ n, fault }) {
  if (fault !== undefined) return faults[fault]();
  await sleep(2);
  return n * 2;
}

/** What the huge value must look like, checked without making another one. */
export function isHugeValue(value) {
  return typeof value === 'string' && value.length === hugeLength + 2 && value[0] === '<' && value.endsWith('x>');
}
