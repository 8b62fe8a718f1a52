/** Where a run went on: for whoever reads of it elsewhere, or later. */

import { cpus, hostname, totalmem } from 'node:os';

export interface Machine {
  readonly host: string;
  /** `linux x64`. */
  readonly platform: string;
  readonly cores: number;
  readonly processor: string;
  readonly memoryBytes: number;
  readonly node: string;
}

export function thisMachine(): Machine {
  const cores = cpus();
  return {
    host: hostname(),
    platform: `${process.platform} ${process.arch}`,
    cores: cores.length,
    processor: cores[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    node: process.versions.node,
  };
}
