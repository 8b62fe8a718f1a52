import { ThreadHost } from '../hosts/thread.js';
import { systemClock } from '../pool/clock.js';
import { Pool } from '../pool/pool.js';
import { usableProcessors } from './cpus.js';
import { checkBootstrap, Executor } from './executor.js';
import { type PoolOptions, poolSettings, type ThreadOptions, threadOptionNames } from './options.js';

/**
 * Runs tasks in threads of this process: quick to start, with memory to share. A task that runs out of its thread's memory
 * or calls `process.exit()` costs its thread; one that crashes the process costs the process.
 */
export class ThreadPoolExecutor extends Executor {
  constructor(options?: PoolOptions & ThreadOptions) {
    checkBootstrap('ThreadPoolExecutor');
    const settings = poolSettings('ThreadPoolExecutor', options, threadOptionNames);
    const { resourceLimits, env, execArgv, stdout = false, stderr = false } = options ?? {};
    const cores = usableProcessors();
    const host = new ThreadHost({ resourceLimits, env, execArgv, stdout, stderr, cores });
    super(new Pool(host, settings, systemClock()), settings.shutdownTimeoutMs);
  }
}
