/**
 * Tasks that nobody wants any more, in the moment in which their worker was about to start them: executor and worker have met over them
 * (file-claims.ts), so the executor may not say that they are cancelled, and the worker says that it has not started them.
 */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { Executor } from '../../src/executors/executor.js';
import { poolSettings } from '../../src/executors/options.js';
import { InlineHost } from '../../src/hosts/inline.js';
import { systemClock } from '../../src/pool/clock.js';
import type { WorkerEvents, WorkerHost, WorkerLink, WorkerSpec } from '../../src/pool/host.js';
import { Pool } from '../../src/pool/pool.js';
import { eventually } from '../contract/gates.js';
import { begin, ran, release, run } from './fixtures/held.js';

/** Whoever takes a task back meets the worker over it. */
class MeetingHost implements WorkerHost {
  readonly kind = 'inline';
  readonly #inner = new InlineHost();

  start(spec: WorkerSpec, events: WorkerEvents): WorkerLink {
    const link = this.#inner.start(spec, events);
    const revoke = link.claims.revoke.bind(link.claims);
    link.claims.revoke = (seq) => {
      revoke(seq);
      return false;
    };
    return link;
  }

  copy(value: unknown): unknown {
    return structuredClone(value);
  }

  block(): void {}
}

class MeetingExecutor extends Executor {
  constructor() {
    super(new Pool(new MeetingHost(), poolSettings('MeetingExecutor', { maxWorkers: 1 }, []), systemClock()), 1024);
  }
}

test('what a map that was left has handed over does not run', { timeout: 60_000 }, async () => {
  begin();
  const executor = new MeetingExecutor();
  for await (const value of executor.map(run, ['first', 'held', 'third', 'fourth'])) {
    assert.equal(value, 'first');
    break;
  }
  release();
  await executor.shutdown();
  assert.deepEqual(ran, ran.includes('held') ? ['first', 'held'] : ['first']);
});

test('what was handed over does not run after shutdown({ cancelFutures: true })', { timeout: 60_000 }, async () => {
  begin();
  const executor = new MeetingExecutor();
  const futures = ['held', 'second', 'third'].map((name) => executor.submit(run, name));
  await eventually(() => ran.length > 0, 'the first to run');
  const down = executor.shutdown({ cancelFutures: true });
  release();
  await down;
  assert.deepEqual(ran, ['held']);
  assert.deepEqual(
    futures.map((future) => future.state),
    ['finished', 'cancelled', 'cancelled'],
  );
});
