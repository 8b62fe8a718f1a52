// Drops an object that has an executor, a moment after it has stopped a task of it and shut it down; needs --expose-gc. Nothing of the library keeps it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spin } from '../fixtures/tasks.js';
import { make, useAndDrop } from './script.js';

const folder = mkdtempSync(join(tmpdir(), 'stopped-owner-'));

class Owner {
  #executor = make();

  async use() {
    const stop = new AbortController();
    const future = this.#executor.with({ signal: stop.signal }).submit(spin, folder, 'a');
    // Its worker has a while to heed that, and is ended before that is over.
    while (!future.running()) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.abort();
    await this.#executor.shutdown({ timeout: 0 });
    return future.cancelled();
  }
}

console.log(...(await useAndDrop(() => new Owner())));
rmSync(folder, { recursive: true });
