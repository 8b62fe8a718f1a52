import { ProcessHost } from '../hosts/process.js';
import { systemClock } from '../pool/clock.js';
import { Pool } from '../pool/pool.js';
import { checkBootstrap, Executor } from './executor.js';
import { type PoolOptions, type ProcessOptions, poolSettings, processOptionNames } from './options.js';

/** Runs tasks in child processes: whatever a task does to its process, this one goes on. */
export class ProcessPoolExecutor extends Executor {
  constructor(options?: PoolOptions & ProcessOptions) {
    checkBootstrap('ProcessPoolExecutor');
    const settings = poolSettings('ProcessPoolExecutor', options, processOptionNames);
    const { cwd, env, execArgv, execPath, uid, gid, stdout = false } = options ?? {};
    const host = new ProcessHost({ cwd, env, execArgv, execPath, uid, gid, stdout });
    super(new Pool(host, settings, systemClock()), settings.shutdownTimeoutMs);
  }
}
