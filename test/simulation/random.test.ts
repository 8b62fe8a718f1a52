/**
 * Any program, any order of events, any faults, many at a time: all that must hold holds.
 *
 * `SIMULATION_RUNS=<n>` plays so many; `SIMULATION_SEED=<n>` plays the one that failed.
 */

import { type TestContext, test } from 'node:test';
import { deaths, type FaultPlan, faults, noFaults } from './faults.js';
import { play } from './play.js';
import { randomScript, type Script, scriptOfStops, scriptOfTurns } from './script.js';
import { Chance } from './world.js';

const replayed = process.env['SIMULATION_SEED'];
const runs = Number(process.env['SIMULATION_RUNS'] ?? 100);
const options = { timeout: 60_000 + runs * 1000 };

test('any program, with any faults in any order of events, loses nothing and ends', options, async (t) => {
  await playMany(t, randomScript, randomFaults);
});

test('tasks that wait for those that were submitted before them never wait for ever', options, async (t) => {
  await playMany(t, scriptOfTurns, () => noFaults);
});

test('tasks that are aborted one soon after another all end', options, async (t) => {
  await playMany(t, scriptOfStops, () => noFaults);
});

async function playMany(
  t: TestContext,
  scriptOf: (chance: Chance) => Script,
  faultsOf: (chance: Chance) => FaultPlan,
): Promise<void> {
  const first = replayed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(replayed);
  const count = replayed === undefined ? runs : 1;
  t.diagnostic(`seeds ${first} to ${first + count - 1}`);
  for (let seed = first; seed < first + count; seed++) {
    const chance = new Chance(seed);
    const script = scriptOf(chance);
    try {
      await play(script, faultsOf(chance), seed, chance.pick([0, 0.05, 0.3]));
    } catch (error) {
      throw new Error(`SIMULATION_SEED=${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
}

/** None, or one kind or all kinds of them, now and then. */
function randomFaults(chance: Chance): FaultPlan {
  if (chance.happens(0.1)) return noFaults;
  const kinds = chance.happens(0.3) ? faults.filter(({ how }) => how !== 'stays silent') : [chance.pick(faults)];
  const share = chance.pick([0.002, 0.01, 0.05, 0.2]);
  return (place) => {
    const here = kinds.filter(({ at }) => at === place);
    if (here.length === 0 || !chance.happens(share)) return undefined;
    return { how: chance.pick(here).how, death: chance.pick(deaths) };
  };
}
