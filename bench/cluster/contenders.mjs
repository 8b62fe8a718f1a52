/**
 * Three ways to have a task done on another machine, each `{ call(n), many(count), map(count), close }`: `many` submits all at once, `map` goes
 * through a list with a bounded number on their way.
 */

import { ClusterExecutor } from 'concurrent-futures/cluster';
import { increment } from './tasks.mjs';

/** On their way at a time, where the contender has no such limit of its own. */
const window = 256;

export async function ours(servers) {
  const executor = new ClusterExecutor({ servers });
  return {
    call: (n) => executor.submit(increment, n),
    many: (count) => Promise.all(Array.from({ length: count }, (_, n) => executor.submit(increment, n))),
    map: (count) => executor.map(increment, Array(count).keys()).toArray(),
    close: () => executor.shutdown(),
  };
}

/** Its outcomes are heard as they are published, whether or not they will be stored. */
export function plain(servers) {
  return plainBy(servers, ({ connection }, take) =>
    connection.subscribe('plain.res.*', { callback: (_error, message) => take(message.json()) }),
  );
}

/** The same, but an outcome is heard once it is stored: it is read from its stream. */
export function stored(servers) {
  return plainBy(servers, listenToStored);
}

/** The same, with what our guarantees ask of the broker: each task on a subject of its own, on which it can be stored once, as can its outcome. */
export function guarded(servers) {
  return plainBy(servers, listenToStored, (id) => `plain.task.${id}`);
}

async function listenToStored({ js }, take) {
  const consumer = await js.consumers.get('PLAIN_RESULTS', { filter_subjects: 'plain.res.*' });
  await consumer.consume({ callback: (message) => take(message.json()), max_messages: 1000 });
}

async function plainBy(servers, listen, subjectOf = () => 'plain.task') {
  const { connect } = await import('@nats-io/transport-node');
  const { jetstream } = await import('@nats-io/jetstream');
  const connection = await connect({ servers });
  const js = jetstream(connection);
  const waiting = new Map();
  let ids = 0;
  await listen({ connection, js }, ({ id, value }) => {
    waiting.get(id)?.(value);
    waiting.delete(id);
  });
  const call = (n) => {
    ids += 1;
    const id = ids;
    return new Promise((resolve, reject) => {
      waiting.set(id, resolve);
      js.publish(subjectOf(id), JSON.stringify({ id, n }), { msgID: String(id) }).catch(reject);
    });
  };
  return { ...inWindow(call), close: () => connection.close() };
}

/** The streams and the consumer that plain tasks go through. */
export async function preparePlain(servers, isGuarded) {
  const { connect } = await import('@nats-io/transport-node');
  const { jetstreamManager } = await import('@nats-io/jetstream');
  const connection = await connect({ servers });
  const jsm = await jetstreamManager(connection);
  const tasks = isGuarded
    ? { subjects: ['plain.task.*'], max_msgs_per_subject: 1, discard: 'new', discard_new_per_subject: true }
    : { subjects: ['plain.task'] };
  await jsm.streams.add({ name: 'PLAIN_TASKS', ...tasks, retention: 'workqueue', storage: 'file' });
  await jsm.streams.add({ name: 'PLAIN_RESULTS', subjects: ['plain.res.*'], storage: 'file', max_age: 60e9 });
  await jsm.consumers.add('PLAIN_TASKS', { durable_name: 'workers', ack_policy: 'explicit', max_ack_pending: 10_000 });
  await connection.close();
}

export async function bullmq(url) {
  const { Queue, QueueEvents } = await import('bullmq');
  const connection = { host: '127.0.0.1', port: Number(new URL(url).port) };
  const queue = new Queue('bench', { connection, defaultJobOptions: { removeOnComplete: { age: 60 } } });
  const events = new QueueEvents('bench', { connection });
  events.setMaxListeners(0);
  await events.waitUntilReady();
  const call = async (n) => (await queue.add('increment', { n })).waitUntilFinished(events);
  const many = async (count) => {
    const jobs = await queue.addBulk(Array.from({ length: count }, (_, n) => ({ name: 'increment', data: { n } })));
    return Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
  };
  const close = async () => {
    await events.close();
    await queue.close();
  };
  return { ...inWindow(call), many, close };
}

function inWindow(call) {
  const through = async (count, width) => {
    const values = new Array(count);
    let next = 0;
    const lane = async () => {
      while (next < count) {
        const n = next++;
        values[n] = await call(n);
      }
    };
    await Promise.all(Array.from({ length: width }, lane));
    return values;
  };
  return { call, map: (count) => through(count, window), many: (count) => through(count, count) };
}
