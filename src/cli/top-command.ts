/** `futures top`: the workers of a queue and what waits for them, again and again. */

import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterWatch } from 'concurrent-futures/cluster';
import { asUsageError, type BrokerFlags, clusterOptions, queueOf } from './cluster/broker-options.js';
import { Rates } from './cluster/rates.js';
import { type TopFacts, topLines } from './cluster/top-table.js';
import { exitCodes } from './exit-codes.js';
import { hideCursorUntilRestored } from './progress/cursor.js';
import { LiveRegion } from './progress/live-region.js';
import { type Terminal, terminalOn } from './terminal.js';
import { messageOf, StartError, UsageError } from './usage-error.js';

export interface TopFlags extends BrokerFlags {
  readonly once?: boolean;
}

const renewMs = 1000;
/** A rate needs two counts, and each worker tells one a second. */
const onceMs = 2000;
/** Counts are looked at more often than they come, so that none is overlooked. */
const sampleMs = 250;

export async function runTop(flags: TopFlags): Promise<number> {
  const options = await clusterOptions(flags);
  const terminal = terminalOn(process.stdout);
  const { watchCluster } = await import('concurrent-futures/cluster');
  const watch = await watchCluster(options).catch((thrown) => {
    const error = asUsageError(thrown);
    throw error instanceof UsageError ? error : new StartError(messageOf(error));
  });
  const rates = new Rates();
  const queue = queueOf(flags);
  const sampling = setInterval(() => rates.take(watch.workers), sampleMs);
  const look = async (): Promise<TopFacts> => {
    const backlog = await backlogOf(watch, queue);
    const { workers, isConnected, unreadable } = watch;
    rates.take(workers);
    return { queue, servers: flags.servers.join(', '), isConnected, workers, rates, backlog, unreadable };
  };
  try {
    if (flags.once || !terminal.live) {
      await delay(onceMs);
      const size = { columns: terminal.width(), rows: Number.POSITIVE_INFINITY };
      await print(topLines(await look(), terminal.colors, size));
    } else await showLive(look, terminal);
  } finally {
    clearInterval(sampling);
    await watch.close();
  }
  return exitCodes.succeeded;
}

async function backlogOf(watch: ClusterWatch, queue: string): Promise<TopFacts['backlog']> {
  if (!watch.isConnected) return watch.trouble ?? 'it is looked for';
  try {
    const backlog = await watch.backlog();
    return backlog ?? `there is no queue ${queue} yet: the first worker or executor that uses it makes it`;
  } catch (error) {
    return `what waits is not known: ${messageOf(error)}`;
  }
}

/** Until a signal ends it: that is how one leaves. The last table stays. */
async function showLive(look: () => Promise<TopFacts>, terminal: Terminal): Promise<void> {
  const region = new LiveRegion(terminal.write);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  const cursor = hideCursorUntilRestored(terminal.write, () => region.erase());
  let lines: readonly string[] = [];
  while (!ending.signal.aborted) {
    const facts = await look();
    const { columns, rows } = terminal.size();
    // One row is the cursor's.
    lines = topLines(facts, terminal.colors, { columns, rows: rows - 1 });
    region.draw('', lines, columns);
    await delay(renewMs, undefined, { signal: ending.signal }).catch(() => {});
  }
  cursor.restore();
  terminal.write(lines.map((line) => `${line}\n`).join(''));
}

/** Resolves when the text has left this process, or its reader is gone. */
function print(lines: readonly string[]): Promise<void> {
  return new Promise((resolve) => process.stdout.write(lines.map((line) => `${line}\n`).join(''), () => resolve()));
}
