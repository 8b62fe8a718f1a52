/** The broker's configuration of deploy/nats, as it is: everybody can do what they have to, and nothing else. */

import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node';
import { ThreadPoolExecutor } from 'concurrent-futures';
import { ClusterExecutor, ClusterWorker } from 'concurrent-futures/cluster';
import { startWorker } from '../cli/cluster.js';
import { futures } from '../cli/command.js';
import { eventually, Stage } from '../contract/gates.js';
import { makeAuthority } from './certificates.js';
import { holdFor } from './fixtures/tasks.mjs';
import { startServer, type TestServer } from './nats-server.js';

const deploy = fileURLToPath(new URL('../../deploy/nats/', import.meta.url));
const users = ['admin', 'alice', 'worker', 'observer', 'system'];
const key = 'a secret that all of them share';

describe('permissions', { timeout: 90_000 }, () => {
  let server: TestServer;
  let folder: string;
  let worker: ClusterWorker;
  const log: string[] = [];

  const as = (user: string): ConnectionOptions => ({
    user,
    pass: `password of ${user}`,
    inboxPrefix: `_INBOX.${user}`,
    tls: { caFile: join(folder, 'server.pem') },
  });
  const submitter = (user = 'alice', name = user): ClusterExecutor =>
    new ClusterExecutor({ servers: server.url, key, name, manageStreams: false, connection: as(user) });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'permissions-'));
    // What /etc/nats has.
    makeAuthority(folder, 'server');
    for (const user of users) process.env[`${user.toUpperCase()}_PASSWORD`] = `'password of ${user}'`;
    const permissions = readFileSync(join(deploy, 'permissions.conf'), 'utf8');
    const second = permissions
      .match(/\n {6}\{\n {8}user: alice\n[\s\S]*?\n {6}\}\n/)?.[0]
      .replaceAll('alice', 'bob')
      .replace('$ALICE_PASSWORD', "'password of bob'")
      .replace('$BOB_PASSWORD', "'password of bob'");
    ok(second !== undefined);
    const config = readFileSync(join(deploy, 'nats-server.conf'), 'utf8')
      .replace(/^listen: .*$/m, '')
      .replace('/var/lib/nats', join(folder, 'js'))
      .replaceAll('/etc/nats', folder)
      .replace('include "permissions.conf"', () =>
        permissions.replace(/\n(?= {6}# ClusterWorker)/, () => `\n${second}\n`),
      );
    server = await startServer(config);
    await promisify(execFile)(process.execPath, [join(deploy, 'make-queue.mjs')], {
      env: {
        ...process.env,
        NATS_URL: server.url,
        NATS_CA: join(folder, 'server.pem'),
        ADMIN_PASSWORD: 'password of admin',
      },
    });
    worker = await ClusterWorker.start({
      ...{ servers: server.url, key, manageStreams: false, connection: as('worker') },
      executor: new ThreadPoolExecutor({ maxWorkers: 2 }),
      onLog: ({ event, message }) => void log.push(`${event}: ${message}`),
    });
  });
  after(async () => {
    await worker?.drain();
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  /** Nothing was tried that is not allowed. */
  function nothingForbidden(): void {
    const violations = server
      .log()
      .split('\n')
      .filter((line) => line.includes('Violation'));
    equal(violations.join('\n'), '');
    equal(log.filter((line) => line.startsWith('broker-error')).join('\n'), '');
  }

  test('submitter and worker work with exactly these', async () => {
    const executor = submitter();
    equal(await executor.submit((a: number, b: number) => a + b, 20, 22), 42);
    const squares: number[] = [];
    for await (const each of executor.map((x: number) => x * x, Array(100).keys())) squares.push(each);
    equal(squares.length, 100);
    // By the object store, there and back.
    equal((await executor.submit((bytes: Uint8Array) => bytes, new Uint8Array(3_000_000))).length, 3_000_000);
    await rejects(
      Promise.resolve(
        executor.submit(() => {
          throw new RangeError('no');
        }),
      ),
      RangeError,
    );
    await executor.shutdown();
    nothingForbidden();
  });

  test('a submitter that comes back has the futures of what an earlier one has left, and of nobody else', async () => {
    const stage = new Stage();
    const path = fileURLToPath(new URL('./fixtures/submitter.mjs', import.meta.url));
    const options = { servers: server.url, key, name: 'alice', manageStreams: false, connection: as('alice') };
    const [starts, gate] = [join(stage.dir, 'starts'), join(stage.dir, 'gate')];
    const earlier = spawn(process.execPath, [path, JSON.stringify(options), starts, gate], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(earlier.stdout, 'data');
    earlier.kill('SIGKILL');
    const other = submitter('bob');
    const foreign = other.submit(holdFor, starts, 'foreign', gate);
    await eventually(() => readFileSync(starts, 'utf8').includes('foreign'), 'the task of another');
    const again = await ClusterExecutor.attach(options);
    const left = new Map(again.attached.map((future) => [future.name, future]));
    deepEqual([...left.keys()].sort(), ['failing', 'held', 'square 1', 'square 2', 'square 3']);
    equal(await left.get('square 3'), 9);
    await rejects(Promise.resolve(left.get('failing')));
    writeFileSync(gate, '');
    match(String(await left.get('held')), /^held by/);
    match(await foreign, /^foreign by/);
    for (const each of [again, other]) await each.shutdown();
    stage.remove();
    nothingForbidden();
  });

  test('a submitter tells and is told what happens with a task that it cancels', async () => {
    const stage = new Stage();
    const executor = submitter();
    const task = executor.submit(async (dir: string) => {
      const { appendFileSync } = await import('node:fs');
      appendFileSync(`${dir}/log`, 'started\n');
      await new Promise(() => {});
    }, stage.dir);
    await stage.line('started');
    task.kill();
    await rejects(Promise.resolve(task));
    equal(await executor.submit(() => 1), 1);
    await executor.shutdown();
    stage.remove();
    nothingForbidden();
  });

  test('both go on after the broker was restarted', async () => {
    const executor = submitter();
    equal(await executor.submit(() => 1), 1);
    await server.kill();
    await server.start();
    equal(await executor.submit(() => 2), 2);
    await executor.shutdown();
    nothingForbidden();
  });

  test('a submitter can’t send tasks, or hear outcomes, of another', async () => {
    const executor = submitter('alice', 'bob');
    await rejects(Promise.resolve(executor.submit(() => 1)), /Permissions Violation.*: its user may not do that/);
    await executor.shutdown();
    // The log tells of it, which the other tests rely on.
    match(server.log(), /Violation/);
  });

  async function forbidden(user: string, attempt: (connection: NatsConnection) => Promise<unknown>): Promise<void> {
    const connection = await connect({ servers: server.url, ...as(user) });
    try {
      await rejects(attempt(connection), (error: unknown) => {
        match(`${error} ${(error as Error).cause}`, /permissions violation/i);
        return true;
      });
    } finally {
      await connection.close();
    }
  }

  /** Rejects when the broker does not let it listen. */
  const listening =
    (subject: string) =>
    async (connection: NatsConnection): Promise<void> => {
      const refused = new Promise<never>((_resolve, reject) => {
        connection.subscribe(subject, { callback: (error) => void (error !== null && reject(error)) });
      });
      refused.catch(() => {});
      await connection.flush();
      await Promise.race([refused, Promise.resolve()]);
    };
  const publishing = (subject: string) => (connection: NatsConnection) => jetstream(connection).publish(subject, 'x');
  const asking =
    (subject: string, body: object = {}) =>
    (connection: NatsConnection) =>
      connection.request(subject, JSON.stringify(body));

  type Case = readonly [what: string, attempt: (connection: NatsConnection) => Promise<unknown>];
  const cases: Readonly<Record<string, readonly Case[]>> = {
    alice: [
      ['publish outcomes, its own', publishing('cf.default.res.alice.x')],
      ['publish outcomes of others', publishing('cf.default.res.bob.x')],
      ['publish tasks of others', publishing('cf.default.task.bob.x')],
      ['say that it is a worker', publishing('cf.default.presence')],
      ['listen to tasks', listening('cf.default.task.>')],
      ['listen to outcomes of others', listening('cf.default.res.bob.*')],
      ['listen to answers for others', listening('_INBOX.bob.>')],
      ['listen to all answers', listening('_INBOX.>')],
      ['listen to everything', listening('>')],
      ['read stored tasks', asking('$JS.API.STREAM.MSG.GET.CF_default_TASKS', { seq: 1 })],
      ['read stored tasks directly', asking('$JS.API.DIRECT.GET.CF_default_TASKS', { seq: 1 })],
      ...['cf.default.task.bob.x', 'cf.default.task.bob.*', 'cf.default.task.*.x', 'cf.default.task.>', '>'].map(
        (subject): Case => [
          `read stored tasks of ${subject}`,
          asking(`$JS.API.DIRECT.GET.CF_default_TASKS.${subject}`),
        ],
      ),
      ['read stored outcomes', asking('$JS.API.STREAM.MSG.GET.CF_default_RESULTS', { seq: 1 })],
      ['read stored outcomes directly', asking('$JS.API.DIRECT.GET.CF_default_RESULTS', { seq: 1 })],
      ['take tasks', asking('$JS.API.CONSUMER.MSG.NEXT.CF_default_TASKS.workers', { batch: 1, no_wait: true })],
      ['make a consumer of tasks', asking('$JS.API.CONSUMER.CREATE.CF_default_TASKS.spy')],
      ['make a consumer of all outcomes', asking('$JS.API.CONSUMER.CREATE.CF_default_RESULTS')],
      [
        'make a consumer of outcomes of others',
        asking('$JS.API.CONSUMER.CREATE.CF_default_RESULTS.spy.cf.default.res.bob.*'),
      ],
      ['delete a stream', asking('$JS.API.STREAM.DELETE.CF_default_TASKS')],
      ['empty a stream', asking('$JS.API.STREAM.PURGE.CF_default_RESULTS')],
      ['make a stream', asking('$JS.API.STREAM.CREATE.OTHER')],
    ],
    worker: [
      ['publish tasks', publishing('cf.default.task.alice.x')],
      ['publish functions', publishing('cf.default.code.x.x')],
      ['cancel tasks', publishing('cf.default.cancel')],
      ['listen to tasks besides those that it takes', listening('cf.default.task.>')],
      ['listen to answers for others', listening('_INBOX.alice.>')],
      ['delete outcomes', asking('$JS.API.STREAM.MSG.DELETE.CF_default_RESULTS', { seq: 1 })],
      ['make a consumer', asking('$JS.API.CONSUMER.CREATE.CF_default_TASKS.spy')],
      ['delete a stream', asking('$JS.API.STREAM.DELETE.CF_default_CODE')],
    ],
    observer: [
      ['publish tasks', publishing('cf.default.task.observer.x')],
      ['publish outcomes', publishing('cf.default.res.alice.x')],
      ['cancel tasks', publishing('cf.default.cancel')],
      ['listen to tasks', listening('cf.default.task.>')],
      ['listen to outcomes', listening('cf.default.res.>')],
      ['read stored tasks', asking('$JS.API.STREAM.MSG.GET.CF_default_TASKS', { seq: 1 })],
      ['read large values', asking('$JS.API.STREAM.MSG.GET.OBJ_CF_default_BLOBS', { seq: 1 })],
      ['take tasks', asking('$JS.API.CONSUMER.MSG.NEXT.CF_default_TASKS.workers', { batch: 1, no_wait: true })],
    ],
    admin: [
      ['publish tasks', publishing('cf.default.task.admin.x')],
      ['listen to tasks', listening('cf.default.task.>')],
    ],
  };
  for (const [user, attempts] of Object.entries(cases)) {
    for (const [what, attempt] of attempts) test(`${user} can’t ${what}`, () => forbidden(user, attempt));
  }

  test('a submitter that names its own outcomes can’t have those of others put there', async () => {
    const connection = await connect({ servers: server.url, ...as('alice') });
    const subject = '$JS.API.CONSUMER.CREATE.CF_default_RESULTS.spy.cf.default.res.alice.*';
    const config = { name: 'spy', filter_subject: 'cf.default.res.bob.*', ack_policy: 'none', inactive_threshold: 1e9 };
    const answer = await connection.request(subject, JSON.stringify({ stream_name: 'CF_default_RESULTS', config }));
    match(answer.string(), /"error":\{"code":400/);
    await connection.close();
  });

  test('the command does with these, too', async () => {
    const keyFile = join(folder, 'key');
    writeFileSync(keyFile, key);
    const args = ['-s', server.url, '--tls-ca', join(folder, 'server.pem'), '--key-file', keyFile];
    const env = (user: string) => ({ FUTURES_USER: user, FUTURES_PASSWORD: `password of ${user}` });
    const another = startWorker([...args, '--no-make-streams', '--name', 'another'], { env: env('worker') });
    await another.logged('started');
    const top = await futures(['top', ...args], { env: env('observer') });
    match(top.stdout, /: 2 workers,[\s\S]*\nanother .* working/, top.stderr);
    match(top.stdout, /\n0 batches of tasks wait, 0 are with workers\n/);
    another.child.kill('SIGTERM');
    equal((await another.ended).code, 0, JSON.stringify(another.log()));
    equal(
      another.log().find(({ level }) => level !== 'info'),
      undefined,
    );
  });

  test('an observer sees the workers and how much waits', async () => {
    const connection = await connect({ servers: server.url, ...as('observer') });
    const heard = new Promise<number>((resolve) => {
      connection.subscribe('cf.default.presence', { callback: (_error, { data }) => resolve(data.length), max: 1 });
    });
    connection.publish('cf.default.ask');
    ok((await heard) > 100);
    const manager = await jetstreamManager(connection);
    equal((await manager.consumers.info('CF_default_TASKS', 'workers')).num_pending, 0);
    equal((await manager.streams.info('CF_default_RESULTS')).config.name, 'CF_default_RESULTS');
    await connection.close();
  });
});
