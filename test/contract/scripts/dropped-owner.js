// Drops an object that has an executor and submits to it; needs --expose-gc. Nothing of the library keeps it.
import { pow } from '../fixtures/tasks.js';
import { make } from './script.js';

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

const { owner, isCancelled } = await (async () => {
  const used = new Owner();
  return { isCancelled: await used.use(), owner: new WeakRef(used) };
})();
for (const deadline = Date.now() + 10_000; owner.deref() !== undefined && Date.now() < deadline; ) {
  // A turn later: what has been looked at is kept to the end of the turn.
  await new Promise((resolve) => setTimeout(resolve, 10));
  globalThis.gc?.();
}
console.log(isCancelled, owner.deref() === undefined ? 'collected' : 'kept');
