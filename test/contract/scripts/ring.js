// @ts-check
/** Tasks that wait for each other, in a program that has nothing else to do: says what became of each. */

import { InlineExecutor } from 'concurrent-futures';
import { shared, waitsFor, waitsForInner } from '../fixtures/rings.js';

const kind = /** @type {string} */ (process.argv[2]);
const [one, two] = [new InlineExecutor(), new InlineExecutor()];
shared.executors = { a: one };
if (kind === 'inner') shared.futures.a = one.with({ name: 'a' }).submit(waitsForInner, 'a', 'b');
else if (kind === 'two executors') {
  shared.futures.a = one.with({ name: 'a' }).submit(waitsFor, 'await', 'b');
  shared.futures.b = two.with({ name: 'b' }).submit(waitsFor, 'await', 'a');
} else shared.futures.a = one.with({ name: 'a' }).submit(waitsFor, /** @type {any} */ (kind), 'a');

await Promise.allSettled([shared.futures.a, shared.futures.b]);
for (const [name, future] of Object.entries(shared.futures)) {
  const error = /** @type {Error | undefined} */ (await future.exception());
  console.log(`${name}: ${error?.name}: ${error?.message}`);
}
console.log('then:', await one.submit(Math.max, 1, 2));
await Promise.all([one.shutdown(), two.shutdown()]);
console.log('end');
