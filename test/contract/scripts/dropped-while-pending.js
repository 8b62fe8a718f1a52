// Drops the executor while a task is pending; needs --expose-gc. The future still completes.
import { powLater } from '../fixtures/printing.js';
import { make } from './script.js';

const future = (() => make().submit(powLater, 2, 8))();
for (let time = 0; time < 20; time++) {
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 5));
}
console.log(await future);
