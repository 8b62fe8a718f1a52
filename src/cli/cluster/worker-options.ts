/** The options of `futures worker`: declared, and made settings of. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { bytes, grace, wholeNumberFrom, workers } from '../option-values.js';
import type { Limit } from '../units.js';
import { type BrokerFlags, declareBrokerOptions } from './broker-options.js';
import { type HealthAddress, parseHealthAddress } from './health.js';

const poolKinds = ['thread', 'process'] as const;

export interface WorkerFlags extends BrokerFlags {
  readonly executor?: (typeof poolKinds)[number];
  readonly maxWorkers?: Limit | 'auto';
  readonly maxTasksPerWorker?: number;
  readonly maxMemory?: number;
  readonly init?: string;
  readonly root?: string;
  readonly allowModule?: string[];
  readonly maxDeliveries?: number;
  readonly grace?: number;
  readonly health?: HealthAddress;
  readonly name?: string;
  readonly wait?: boolean;
  readonly makeStreams: boolean;
}

export function declareWorkerOptions(command: Command): Command {
  return declareBrokerOptions(command)
    .optionsGroup('Running:')
    .addOption(new Option('-e, --executor <kind>', 'where tasks run (default: thread)').choices(poolKinds))
    .option('-w, --max-workers <n>', 'how many run at once: 8, 50% of the cores, auto', workers)
    .option('--max-tasks-per-worker <n>', 'replace a worker after so many tasks', wholeNumberFrom(1))
    .option('--max-memory <size>', 'replace a worker that has more: 512M, 2G', bytes)
    .option('--init <module#export>', 'a function that each worker calls first')
    .option('--root <dir>', 'where the code is that tasks name (default: here)')
    .option('--allow-module <name...>', 'run only what this package or module exports')
    .option('--max-deliveries <n>', 'how many workers tasks may cost (default: 5)', wholeNumberFrom(1))
    .optionsGroup('Service:')
    .option('-g, --grace <duration>', 'what running tasks get at SIGTERM (default: 30s)', grace)
    .option('--health <address>', 'answer GET /healthz: 8080, 0.0.0.0:8080', health)
    .option('--name <name>', 'who this is (default: host, process, and chance)')
    .option('--wait', 'wait for a broker that is not there yet')
    .option('--no-make-streams', "leave making the queue's streams to others");
}

function health(text: string): HealthAddress {
  const address = parseHealthAddress(text);
  if (address !== undefined) return address;
  throw new InvalidArgumentError('It must be a port, or a host and a port, like 8080 or 0.0.0.0:8080.');
}
