/**
 * Fail the N-th send, receive or start of a run, for every N until the run meets no fault any more.
 *
 * `SIMULATION_SEED=<n>` plays it in another order of events, and with the other kind of death at each N.
 */

import { strict as assert } from 'node:assert';
import { describe, test } from 'node:test';
import { type Death, deaths, FaultAt, faults, noFaults } from './faults.js';
import { play } from './play.js';
import { everything } from './script.js';

const timeout = 120_000;
const seed = Number(process.env['SIMULATION_SEED'] ?? 1);

test('the run without a fault', { timeout }, () => play(everything, noFaults, seed));

describe('one fault at the N-th step of a program, for every N, costs what it hits and nothing else', () => {
  for (const fault of faults) {
    test(`a worker ${fault.how} at the N-th ${fault.at}`, { timeout }, async () => {
      for (let n = 1; ; n++) {
        const once = new FaultAt(fault, deaths[(n + seed) % deaths.length] as Death, n);
        try {
          await play(everything, once.plan, seed);
        } catch (error) {
          throw new Error(`N = ${n}, SIMULATION_SEED=${seed}: ${(error as Error).message}`, { cause: error });
        }
        if (once.isMet) continue;
        assert.ok(n > 3, `the fault was met only ${n - 1} times`);
        return;
      }
    });
  }
});
