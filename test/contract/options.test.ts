/** Wrong options of an executor are refused when it is made, and the message says which and what is allowed. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { InlineExecutor, ProcessPoolExecutor, ThreadPoolExecutor } from 'concurrent-futures';
import { pooled } from './executors.js';
import { pow } from './fixtures/tasks.js';
import { contract } from './harness.js';

type Refusal = readonly [options: object, type: typeof TypeError | typeof RangeError, message: RegExp];

const refusals: readonly Refusal[] = [
  [{ maxWorkers: 0 }, RangeError, /maxWorkers.*0/],
  [{ maxWorkers: -1 }, RangeError, /maxWorkers.*-1/],
  [{ maxWorkers: 1.5 }, RangeError, /maxWorkers.*1\.5/],
  [{ maxWorkers: Number.NaN }, RangeError, /maxWorkers.*NaN/],
  [{ maxWorkers: '4' }, TypeError, /maxWorkers/],
  [{ minWorkers: -1 }, RangeError, /minWorkers.*-1/],
  [{ maxWorkers: 2, minWorkers: 3 }, RangeError, /minWorkers.*3/],
  [{ idleTimeout: -1 }, RangeError, /idleTimeout.*-1/],
  [{ idleTimeout: 'long' }, TypeError, /idleTimeout/],
  [{ maxTasksPerWorker: 0 }, RangeError, /maxTasksPerWorker.*0/],
  [{ maxTasksPerWorker: '3' }, TypeError, /maxTasksPerWorker/],
  [{ initializer: 'init' }, TypeError, /initializer/],
  [{ initargs: 'one' }, TypeError, /initargs/],
  [{ namePrefix: 7 }, TypeError, /namePrefix/],
  [{ startupTimeout: -1 }, RangeError, /startupTimeout.*-1/],
  [{ shutdownTimeout: -1 }, RangeError, /shutdownTimeout.*-1/],
  [{ maxQueue: -1 }, RangeError, /maxQueue.*-1/],
  [{ maxRestarts: -1 }, RangeError, /maxRestarts.*-1/],
  [{ maxQueueBytes: 0 }, RangeError, /maxQueueBytes.*0/],
  [{ maxQueueBytes: 'many' }, TypeError, /maxQueueBytes/],
  [{ prefetch: 'many' }, TypeError, /prefetch/],
  [{ prefetch: -1 }, RangeError, /prefetch.*-1/],
  [{ maxWorker: 4 }, TypeError, /maxWorker.*maxWorkers|maxWorker/],
];

for (const [options, type, message] of refusals) {
  const shown = JSON.stringify(options, (_, value) => (Number.isNaN(value) ? 'NaN' : value));
  test(`a pool refuses the options ${shown} with a ${type.name}`, () => {
    for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
      assert.throws(
        () => new Pool(options),
        (error: Error) => {
          assert.ok(error instanceof type, `${error}`);
          assert.match(error.message, message);
          return true;
        },
      );
    }
  });
}

test('options of the other kind of pool are refused', () => {
  assert.throws(() => new ThreadPoolExecutor({ execPath: '/bin/node' } as object), TypeError);
  assert.throws(() => new ProcessPoolExecutor({ resourceLimits: {} } as object), TypeError);
});

test('options that are undefined count as not given', async () => {
  for (const Pool of [ThreadPoolExecutor, ProcessPoolExecutor]) {
    const options = { maxWorkers: undefined, initializer: undefined, namePrefix: undefined };
    await new Pool(options as object).shutdown();
  }
});

test('an executor without options is fine', async () => {
  for (const Each of [ThreadPoolExecutor, ProcessPoolExecutor, InlineExecutor]) await new Each().shutdown();
});

contract('Infinity is a limit that is never reached', { on: pooled }, async ({ create }) => {
  const executor = create({ maxWorkers: 1, idleTimeout: Number.POSITIVE_INFINITY, maxQueue: Number.POSITIVE_INFINITY });
  assert.equal(await executor.submit(pow, 2, 2), 4);
});
