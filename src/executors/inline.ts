import { InlineHost } from '../hosts/inline.js';
import { systemClock } from '../pool/clock.js';
import { Pool } from '../pool/pool.js';
import { Executor } from './executor.js';
import { poolSettings } from './options.js';

/**
 * Runs tasks in this very thread, one at a time, from its event loop: for tests and debugging. Arguments and results are
 * copied as everywhere, so a program that works here works on threads and processes.
 */
export class InlineExecutor extends Executor {
  constructor() {
    const settings = poolSettings('InlineExecutor', { maxWorkers: 1 }, []);
    super(new Pool(new InlineHost(), settings, systemClock()), settings.shutdownTimeoutMs);
  }
}
