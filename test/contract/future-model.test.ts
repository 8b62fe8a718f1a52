/** Random sequences of everything that can happen to a future, against a model of a dozen lines. */

import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { CancelledError, Future, InvalidStateError } from 'concurrent-futures';
import fc from 'fast-check';
import { flagsOf } from './probes.js';

interface Model {
  state: Future<unknown>['state'];
  outcome: number | undefined;
  /** The callbacks added, in order; all are called once the future is done. */
  added: number[];
}

interface Real {
  readonly source: ReturnType<typeof Future.withResolvers<number>>;
  readonly called: number[];
}

const isDone = (model: Model): boolean => model.state === 'finished' || model.state === 'cancelled';

/** Runs a change that must be refused, without effect, when `legal` is false. */
function attempt(legal: boolean, change: () => void): void {
  if (legal) change();
  else assert.throws(change, InvalidStateError);
}

abstract class Step implements fc.Command<Model, Real> {
  check(): boolean {
    return true;
  }

  run(model: Model, real: Real): void {
    this.act(model, real);
    const { future } = real.source;
    const { state } = model;
    assert.deepEqual(flagsOf(future), {
      state,
      running: state === 'running',
      done: isDone(model),
      cancelled: state === 'cancelled',
    });
    assert.deepEqual(real.called, isDone(model) ? model.added : [], 'each callback once, in order, when done');
    if (isDone(model)) assert.equal(outcomeOf(future), model.outcome);
  }

  abstract act(model: Model, real: Real): void;

  toString(): string {
    return this.constructor.name;
  }
}

/** The value, minus the number that the error carries, or undefined when cancelled. */
function outcomeOf(future: Future<number>): number | undefined {
  try {
    return future.resultSync();
  } catch (error) {
    if (error instanceof CancelledError) return undefined;
    return -Number((error as Error).message);
  }
}

class Start extends Step {
  act(model: Model, { source }: Real): void {
    if (model.state === 'cancelled') {
      assert.equal(source.start(), false);
      return;
    }
    attempt(model.state === 'pending', () => {
      assert.equal(source.start(), true);
      model.state = 'running';
    });
  }
}

class Settle extends Step {
  readonly how: 'resolve' | 'reject';
  readonly number: number;

  constructor(how: 'resolve' | 'reject', number: number) {
    super();
    this.how = how;
    this.number = number;
  }

  act(model: Model, { source }: Real): void {
    attempt(!isDone(model), () => {
      if (this.how === 'resolve') source.resolve(this.number);
      else source.reject(new Error(String(this.number)));
      model.state = 'finished';
      model.outcome = this.how === 'resolve' ? this.number : -this.number;
    });
  }

  override toString(): string {
    return `${this.how}(${this.number})`;
  }
}

class Cancel extends Step {
  act(model: Model, { source }: Real): void {
    const taken = model.state === 'pending' || model.state === 'cancelled';
    assert.equal(source.future.cancel(), taken);
    if (taken) model.state = 'cancelled';
  }
}

class Kill extends Step {
  act(model: Model, { source }: Real): void {
    const taken = model.state !== 'finished';
    assert.equal(source.future.kill(), taken);
    if (taken) model.state = 'cancelled';
  }
}

class MakerCancels extends Step {
  act(model: Model, { source }: Real): void {
    source.cancel('the maker says so');
    if (!isDone(model)) model.state = 'cancelled';
  }
}

class AddDoneCallback extends Step {
  act(model: Model, { source, called }: Real): void {
    const id = model.added.length;
    model.added.push(id);
    source.future.addDoneCallback((future) => {
      assert.equal(future, source.future);
      called.push(id);
    });
  }
}

class Look extends Step {
  act(_model: Model, { source }: Real): void {
    void source.future.result().catch(() => {});
    void source.future.exception().catch(() => {});
  }
}

const numbers = fc.integer({ min: 1, max: 99 });
const steps = fc.commands(
  [
    fc.constant(new Start()),
    numbers.map((number) => new Settle('resolve', number)),
    numbers.map((number) => new Settle('reject', number)),
    fc.constant(new Cancel()),
    fc.constant(new Kill()),
    fc.constant(new MakerCancels()),
    fc.constant(new AddDoneCallback()),
    fc.constant(new Look()),
  ],
  { maxCommands: 24 },
);

test('a future follows its state machine whatever happens to it, in any order', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(steps, (commands) => {
      const setup = () => ({
        model: { state: 'pending', outcome: undefined, added: [] } satisfies Model as Model,
        real: { source: Future.withResolvers<number>({ name: 'modelled' }), called: [] },
      });
      fc.modelRun(setup, commands);
    }),
    { numRuns: 1_000 },
  );
});

test('what several waiters see of one future is the same, whatever its end', { timeout: 60_000 }, async () => {
  const ends = fc.constantFrom('resolve', 'reject', 'cancel');
  await fc.assert(
    fc.asyncProperty(ends, fc.nat(4), fc.nat(4), async (end, before, after) => {
      const source = Future.withResolvers<number>();
      const waiters = Array.from({ length: before }, () => source.future.result());
      if (end === 'resolve') source.resolve(1);
      else if (end === 'reject') source.reject(new Error('no'));
      else source.cancel();
      waiters.push(...Array.from({ length: after }, () => source.future.result()));
      const seen = await Promise.allSettled(waiters);
      const values = new Set(seen.map((each) => (each.status === 'fulfilled' ? each.value : each.reason)));
      assert.ok(values.size <= 1);
    }),
    { numRuns: 200 },
  );
});
