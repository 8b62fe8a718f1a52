// Drops an object that has an executor and submits to it; needs --expose-gc. Nothing of the library keeps it.
import { pow } from '../fixtures/tasks.js';
import { make, useAndDrop } from './script.js';

class Owner {
  #executor = make();

  async use() {
    // More than remember where exactly they were submitted, each with what `this` was there.
    const futures = Array.from({ length: 130 }, (_, base) => this.#executor.submit(pow, base, 2));
    const isCancelled = futures.pop()?.cancel();
    await Promise.all(futures);
    return isCancelled;
  }
}

console.log(...(await useAndDrop(() => new Owner())));
