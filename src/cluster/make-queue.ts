/** The streams of a queue, and the consumer that its workers share. */

import { randomUUID } from 'node:crypto';
import type { ConsumerConfig, JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { apiErrors, codeOf } from './broker-errors.js';
import type { Clients } from './clients.js';
import { type Names, workersConsumer } from './names.js';
import { pause } from './pause.js';

/** What the broker keeps, and for how long; used when the queue's streams are made. Times in milliseconds. */
export interface BrokerLimits {
  /** How long a task may wait for a worker. */
  readonly taskTtlMs: number;
  /** How long an outcome is kept for a submitter that is away. */
  readonly resultTtlMs: number;
  readonly replicas: number;
  /** How many batches, and bytes of them, may wait; as many bytes again are set aside for outcomes. */
  readonly maxBatches: number;
  readonly maxBytes: number;
  /** How long a worker may be silent before what it holds is given to another. */
  readonly ackWaitMs: number;
}

/** Times of a queue as it is, in milliseconds. */
export interface QueueTimes extends Pick<BrokerLimits, 'ackWaitMs'> {
  /** `undefined` where that is not known. */
  readonly taskTtlMs: number | undefined;
}

export const defaultLimits: BrokerLimits = {
  taskTtlMs: 7 * 24 * 3600_000,
  resultTtlMs: 3600_000,
  replicas: 1,
  maxBatches: 100_000,
  maxBytes: 1024 ** 3,
  ackWaitMs: 10_000,
};

export const nanos = 1_000_000;
const duplicateWindowMs = 120_000;
/** More unacknowledged batches, and more requests for some, than all workers together ever have: the defaults would quietly limit the cluster. */
const maxAckPending = 100_000;
const maxWaiting = 100_000;
/** How long whoever made a stream may take to make its consumer, and how often others look whether it has. */
const makerMs = 1000;
const lookMs = 20;

/** Makes what is not there; what is there stays as it is: whoever made it has decided. */
export async function makeQueue(
  jsm: JetStreamManager,
  clients: Clients,
  names: Names,
  limits: BrokerLimits,
): Promise<void> {
  const { taskTtlMs, resultTtlMs, replicas, maxBatches, maxBytes, ackWaitMs } = limits;
  const { RetentionPolicy, StorageType, DiscardPolicy, AckPolicy } = clients;
  const common = { storage: StorageType.File, num_replicas: replicas, discard: DiscardPolicy.New } as const;
  const [isFirst] = await Promise.all([
    makeStream(jsm, {
      ...common,
      name: names.tasks,
      // A second one that is made at the same time is another one, and refused: only one side is the first.
      description: `made by ${randomUUID()}`,
      subjects: [names.allTasks],
      retention: RetentionPolicy.Workqueue,
      max_msgs: maxBatches,
      max_bytes: maxBytes,
      max_age: taskTtlMs * nanos,
      // A batch that is there can't be put there once more.
      max_msgs_per_subject: 1,
      discard_new_per_subject: true,
      duplicate_window: Math.min(duplicateWindowMs, taskTtlMs) * nanos,
      allow_direct: true,
    }),
    makeStream(jsm, {
      ...common,
      name: names.results,
      subjects: [names.allResults],
      retention: RetentionPolicy.Limits,
      max_bytes: maxBytes,
      max_age: resultTtlMs * nanos,
      duplicate_window: Math.min(duplicateWindowMs, resultTtlMs) * nanos,
      allow_direct: true,
    }),
    makeStream(jsm, {
      ...common,
      name: names.code,
      subjects: [names.allCode],
      retention: RetentionPolicy.Limits,
      // The latest is kept: stored once more, its age begins anew.
      discard: DiscardPolicy.Old,
      max_msgs_per_subject: 1,
      max_bytes: Math.ceil(maxBytes / 8),
      max_age: 2 * taskTtlMs * nanos,
      allow_direct: true,
    }),
  ]);
  if (!isFirst && (await isMadeByAnother(jsm, names))) return;
  await makeConsumer(jsm, names, {
    durable_name: workersConsumer,
    ack_policy: AckPolicy.Explicit,
    ack_wait: ackWaitMs * nanos,
    // Who has had how many is counted by the workers, which can say why they give up.
    max_deliver: -1,
    max_ack_pending: maxAckPending,
    max_waiting: maxWaiting,
  });
}

/**
 * Two consumers that are made at once are two with the server of Debian 12, and what one of them has given out nobody ever gets. So whoever made the
 * stream makes the consumer; others do it once that one had time for it, and was lost.
 */
async function isMadeByAnother(jsm: JetStreamManager, names: Names): Promise<boolean> {
  const deadline = performance.now() + makerMs * (1 + Math.random());
  for (;;) {
    try {
      await jsm.consumers.info(names.tasks, workersConsumer);
      return true;
    } catch (error) {
      if (codeOf(error) !== apiErrors.noConsumer) throw error;
    }
    if (performance.now() > deadline) return false;
    await pause(lookMs);
  }
}

/** One that is there stays as it is, too: to add it again would change it, under workers that have read how long they may be silent. */
async function makeConsumer(jsm: JetStreamManager, names: Names, config: Partial<ConsumerConfig>): Promise<void> {
  try {
    await jsm.consumers.info(names.tasks, workersConsumer);
  } catch (error) {
    if (codeOf(error) !== apiErrors.noConsumer) throw error;
    await jsm.consumers.add(names.tasks, config);
  }
}

/** Whether it was made. One that is there already stays as it is: whoever made it has decided. Only what an earlier version did not know is added. */
async function makeStream(jsm: JetStreamManager, config: Partial<StreamConfig> & { name: string }): Promise<boolean> {
  try {
    await jsm.streams.add(config);
    return true;
  } catch (error) {
    // Made by another side in this very moment, it is said to overlap with itself.
    const { config: is } = await jsm.streams.info(config.name).catch((failure) => {
      throw codeOf(error) === apiErrors.otherConfig ? failure : error;
    });
    if (config.allow_direct && !is.allow_direct)
      // Whoever may not do that can do without.
      await jsm.streams.update(config.name, { allow_direct: true }).catch(() => {});
    return false;
  }
}
