/** Credentials that expire while they are in use: a worker goes on with what runs, and works again with new ones; a submitter does not wait for ever. */

import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, credsAuthenticator } from '@nats-io/transport-node';
import { BrokenExecutorError, ThreadPoolExecutor } from 'concurrent-futures';
import { ClusterExecutor, ClusterWorker } from 'concurrent-futures/cluster';
import { Stage } from '../contract/gates.js';
import { Heard } from './heard.js';
import { TestAccount } from './jwt.js';
import { startServer, type TestServer } from './nats-server.js';

/** Time enough to connect and to start a task, of which a part of a second is lost: expiry is told in whole ones. */
const soonMs = 5000;

/** Credentials in a file, as it were, that is read at each login. */
class CredentialsFile {
  text: string;
  logins = 0;
  readonly connection: Partial<ConnectionOptions> = {
    authenticator: (nonce) => {
      this.logins += 1;
      for (const look of this.#looks) look();
      return credsAuthenticator(Buffer.from(this.text))(nonce);
    },
  };
  readonly #looks = new Set<() => void>();

  constructor(text: string) {
    this.text = text;
  }

  /** Resolves once somebody has logged in so many times. */
  async login(count: number): Promise<void> {
    while (this.logins < count) await new Promise<void>((resolve) => this.#looks.add(resolve));
  }
}

async function held(dir: string): Promise<string> {
  const { appendFileSync, existsSync } = await import('node:fs');
  appendFileSync(`${dir}/log`, 'started\n');
  while (!existsSync(`${dir}/all.open`)) await new Promise((resolve) => setTimeout(resolve, 5));
  return 'done';
}

describe('credentials that expire', { timeout: 90_000 }, () => {
  const account = new TestAccount();
  let server: TestServer;
  let queues = 0;
  before(async () => {
    server = await startServer(account.config);
  });
  after(() => server.stop());

  const lasting = (): CredentialsFile => new CredentialsFile(account.credentials());
  const expiring = (): CredentialsFile => new CredentialsFile(account.credentials(Date.now() + soonMs));

  async function site(of: { worker?: CredentialsFile; submitter?: CredentialsFile }) {
    const { worker: workers = lasting(), submitter: submitters = lasting() } = of;
    queues += 1;
    const common = { servers: server.url, queue: `expiry-${queues}` };
    const heard = new Heard();
    const worker = await ClusterWorker.start({
      ...{ ...common, connection: workers.connection },
      executor: new ThreadPoolExecutor({ maxWorkers: 1 }),
      onLog: heard.onLog,
    });
    const executor = new ClusterExecutor({ ...common, connection: submitters.connection });
    const stage = new Stage();
    const close = async (): Promise<void> => {
      stage.openAll();
      await executor.shutdown({ cancelFutures: true });
      await worker.drain({ timeout: 1000 });
      stage.remove();
    };
    return { worker, executor, heard, stage, close };
  }

  test('a worker finishes what runs, says so, and works again once there are new ones', async () => {
    const credentials = expiring();
    const { worker, executor, heard, stage, close } = await site({ worker: credentials });
    const task = executor.submit(held, stage.dir);
    await stage.line('started');
    const { message } = await heard.said('locked-out');
    match(
      message,
      /does not let this worker in \(.*its credentials expired at .*goes on trying: renew its credentials/,
    );
    equal(worker.status().state, 'working');
    // The client gives up at the second time, where it is not told to go on.
    await credentials.login(5);
    // Its outcome can't be told yet.
    stage.openAll();
    // A file that is half written is no reason to give up, either.
    credentials.text = credentials.text.slice(0, 100);
    await credentials.login(credentials.logins + 2);
    credentials.text = account.credentials();
    await heard.said('reconnected');
    equal(await task, 'done');
    deepEqual(stage.log(), ['started']);
    equal(await executor.submit((x: number) => x + 1, 1), 2);
    await close();
  });

  test('a worker that has new ones in time is not kept up', async () => {
    const credentials = expiring();
    const { executor, heard, stage, close } = await site({ worker: credentials });
    credentials.text = account.credentials();
    const task = executor.submit(held, stage.dir);
    await heard.said('reconnected');
    stage.openAll();
    equal(await task, 'done');
    deepEqual(stage.log(), ['started']);
    await close();
  });

  test('a worker that is told to give up then ends, and says why', async () => {
    const credentials = expiring();
    const worker = await ClusterWorker.start({
      servers: server.url,
      connection: { ...credentials.connection, ignoreAuthErrorAbort: false },
      executor: new ThreadPoolExecutor({ maxWorkers: 1 }),
    });
    await rejects(worker.closed, /./);
    equal(worker.status().state, 'closed');
  });

  test('a submitter’s tasks fail, and it says why', async () => {
    const { executor, stage, close } = await site({ submitter: expiring() });
    const tasks = [executor.submit(held, stage.dir), executor.submit(() => 1)];
    await stage.line('started');
    for (const task of tasks)
      await rejects(Promise.resolve(task), (error: unknown) => {
        match(String(error), /does not let it in any more: .*: its credentials expired at /);
        return error instanceof BrokenExecutorError;
      });
    await close();
  });

  test('a submitter that has new ones in time notices nothing', async () => {
    const credentials = expiring();
    const { executor, stage, close } = await site({ submitter: credentials });
    const task = executor.submit(held, stage.dir);
    await stage.line('started');
    credentials.text = account.credentials();
    await credentials.login(2);
    stage.openAll();
    equal(await task, 'done');
    equal(await executor.submit((x: number) => x + 1, 1), 2);
    await close();
  });
});
