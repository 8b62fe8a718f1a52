/** Credentials that the broker takes no more: both sides say so, a worker waits until it is let in again, and a submitter does not wait for ever. */

import { equal, match, rejects } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { BrokenExecutorError, ThreadPoolExecutor } from 'concurrent-futures';
import { ClusterExecutor, ClusterWorker, type WorkerLogEntry } from 'concurrent-futures/cluster';
import { eventually } from '../contract/gates.js';
import { Heard } from './heard.js';
import { startServer, type TestServer } from './nats-server.js';

const users = (...lines: string[]): string => `authorization { users: [ ${lines.join(', ')} ] }`;
const submitterUser = '{ user: submitter, password: one }';
const workerUser = '{ user: worker, password: two }';
const double = (x: number): number => x * 2;

describe('credentials', { timeout: 60_000 }, () => {
  let server: TestServer;
  let queues = 0;
  before(async () => {
    server = await startServer(users(submitterUser, workerUser));
  });
  after(() => server.stop());

  interface Site {
    readonly worker: ClusterWorker;
    submitter(): ClusterExecutor;
    said(event: string): Promise<WorkerLogEntry>;
    /** What the worker has said so far. */
    readonly events: readonly string[];
    close(): Promise<void>;
  }

  async function site(): Promise<Site> {
    server.reload(users(submitterUser, workerUser));
    queues += 1;
    const common = { servers: server.url, queue: `credentials-${queues}`, key: 'a secret of all of them' };
    const heard = new Heard();
    const events: string[] = [];
    const worker = await ClusterWorker.start({
      ...common,
      connection: { user: 'worker', pass: 'two' },
      executor: new ThreadPoolExecutor({ maxWorkers: 1 }),
      onLog: (entry) => {
        events.push(entry.event);
        heard.onLog(entry);
      },
    });
    const executors: ClusterExecutor[] = [];
    return {
      worker,
      submitter: () => {
        const executor = new ClusterExecutor({ ...common, connection: { user: 'submitter', pass: 'one' } });
        executors.push(executor);
        return executor;
      },
      said: (event) => heard.said(event),
      events,
      close: async () => {
        await Promise.all(executors.map((each) => each.shutdown({ cancelFutures: true })));
        await worker.drain({ timeout: 1000 });
      },
    };
  }

  test('a worker with wrong credentials does not start, and says why', async () => {
    const executor = new ThreadPoolExecutor({ maxWorkers: 1 });
    const start = ClusterWorker.start({ servers: server.url, executor, connection: { user: 'worker', pass: 'wrong' } });
    await rejects(start, /can't use the broker at nats:.*authorization violation.*check the credentials/i);
    await executor.shutdown();
  });

  test('a submitter with wrong credentials is broken, and says why', async () => {
    const executor = new ClusterExecutor({ servers: server.url, connection: { user: 'submitter', pass: 'wrong' } });
    await rejects(Promise.resolve(executor.submit(double, 1)), (error: unknown) => {
      match(String(error), /authorization violation.*check the credentials/i);
      return error instanceof BrokenExecutorError;
    });
    await executor.shutdown();
  });

  test('a worker whose credentials are taken away says so, goes on trying, and works when it is let in again', async () => {
    const { worker, submitter, said, close } = await site();
    const executor = submitter();
    equal(await executor.submit(double, 21), 42);
    for (let round = 0; round < 2; round++) {
      server.reload(users(submitterUser, workerUser.replace('two', `other-${round}`)));
      match((await said('locked-out')).message, /does not let this worker in.*goes on trying: renew its credentials/);
      equal(worker.status().state, 'working');
      const waiting = executor.submit(double, 21);
      server.reload(users(submitterUser, workerUser));
      await said('reconnected');
      equal(await waiting, 42);
    }
    await close();
  });

  test('a worker that is locked out says once that the broker is away, however often it tries', async () => {
    const { said, events, close } = await site();
    const refusals = (): number => server.log().split('authentication error').length;
    const before = refusals();
    server.reload(users(submitterUser));
    await eventually(() => refusals() >= before + 3, 'the broker has refused it three times');
    server.reload(users(submitterUser, workerUser));
    await said('reconnected');
    equal(events.filter((event) => event === 'disconnected').length, 1);
    await close();
  });

  test('a worker stays locked out across a restart of the broker, and works when it is let in again', async () => {
    const { submitter, said, close } = await site();
    server.reload(users(submitterUser));
    await said('locked-out');
    await server.kill();
    await server.start();
    server.reload(users(submitterUser, workerUser));
    await said('reconnected');
    equal(await submitter().submit(double, 21), 42);
    await close();
  });

  test('a submitter whose credentials are taken away has its tasks fail, and does not wait for ever', async () => {
    const { worker, submitter, close } = await site();
    const executor = submitter();
    equal(await executor.submit(double, 21), 42);
    const tasks = [1, 2].map(() => executor.submit(() => new Promise(() => {})));
    server.reload(users(workerUser));
    for (const task of tasks)
      await rejects(Promise.resolve(task), (error: unknown) => {
        match(String(error), /does not let it in any more: .*authorization/i);
        return error instanceof BrokenExecutorError;
      });
    equal(worker.status().state, 'working');
    await close();
  });
});
