import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { ClusterExecutor } from 'concurrent-futures/cluster';
import { startServer, type TestServer } from '../cluster/nats-server.js';
import { describe, it } from './bounded-test.js';
import { entries, newQueue, startWorker } from './cluster.js';
import { futures, temporaryDirectory, until, untilExists } from './command.js';
import * as tasks from './fixtures/tasks.mjs';

let server: TestServer;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A submitter whose task holds the worker until its file is there. */
async function heldByTask(directory: string, ...args: string[]) {
  return heldBy(tasks.gate, directory, ...args);
}

async function heldBy(
  run: (input: { directory: string; name: string }) => unknown,
  directory: string,
  ...args: string[]
) {
  const queue = newQueue(server);
  const executor = new ClusterExecutor({ ...queue.options, limits: { ackWaitMs: 2000 } });
  const task = executor.submit(run, { directory, name: 'a' });
  const worker = startWorker([...queue.args, ...args], { ownGroup: true });
  await untilExists(join(directory, 'started-a'));
  const release = (): void => writeFileSync(join(directory, 'release-a'), '');
  return { queue, executor, task, worker, release };
}

describe('futures worker', () => {
  it('is not kept by a thread in native code when --grace is over, and another worker gets the task', async () => {
    using directory = temporaryDirectory();
    const held = await heldBy(tasks.native, directory.path, '-e', 'thread', '-w', '1', '--grace', '100ms');
    held.worker.child.kill('SIGTERM');
    assert.equal((await held.worker.ended).signal, 'SIGKILL');
    assert.equal((await held.worker.logged('killed'))['threads'], 1);
    const another = startWorker(held.queue.args);
    held.release();
    await held.task;
    await held.executor.shutdown();
    another.child.kill('SIGTERM');
    assert.equal((await another.ended).code, 0);
  });

  for (const kind of ['thread', 'process']) {
    it(`runs what a ClusterExecutor submits, a function of a module or one of its own (${kind})`, async () => {
      const { args, options } = newQueue(server);
      const worker = startWorker([...args, '--executor', kind, '--max-workers', '2', '--name', 'red']);
      await using executor = new ClusterExecutor(options);
      assert.equal(await executor.submit(tasks.square, 7), 49);
      const sums: number[] = [];
      for await (const sum of executor.map((n: number) => n + 1, [1, 2, 3])) sums.push(sum);
      assert.deepEqual(sums, [2, 3, 4]);
      await assert.rejects(executor.submit(tasks.square, 'x'), { name: 'TypeError', message: '"x" is not a number' });
      worker.child.kill('SIGTERM');
      const ended = await worker.ended;
      assert.equal(ended.code, 0, ended.stderr);
      assert.equal(ended.stdout, '');
      const log = worker.log();
      assert.deepEqual(
        log.map(({ event }) => event),
        ['started', 'signal', 'draining', 'closed'],
      );
      for (const { time, level, message } of log) {
        assert.equal(new Date(time).toISOString(), time);
        assert.equal(level, 'info');
        assert.notEqual(message, '');
      }
      assert.equal(log[0]?.['slots'], 2);
      assert.equal(log[0]?.['worker'], 'red');
      assert.equal(log.at(-1)?.['done'], 5);
    });

    it(`finishes what runs after SIGTERM to the whole service, and ends with 0; nothing is lost (${kind})`, async () => {
      using directory = temporaryDirectory();
      const { task, worker, executor, release, queue } = await heldByTask(directory.path, '-e', kind, '-w', '1');
      const next = executor.submit(tasks.square, 3);
      process.kill(-(worker.child.pid as number), 'SIGTERM');
      await worker.logged('draining');
      release();
      assert.equal(await task, 'a');
      const ended = await worker.ended;
      assert.equal(ended.code, 0, ended.stderr);
      const another = startWorker(queue.args);
      assert.equal(await next, 9);
      await executor.shutdown();
      another.child.kill('SIGTERM');
      assert.equal((await another.ended).code, 0);
    });

    it(`stops what still runs when --grace is over, and another worker gets it (${kind})`, async () => {
      using directory = temporaryDirectory();
      const { queue, task, worker, executor, release } = await heldByTask(
        directory.path,
        '-e',
        kind,
        '--grace',
        '100ms',
      );
      worker.child.kill('SIGTERM');
      const ended = await worker.ended;
      assert.equal(ended.code, 0, ended.stderr);
      assert.equal((await worker.logged('given-back'))['held'], 1);
      const another = startWorker(queue.args);
      release();
      assert.equal(await task, 'a');
      await executor.shutdown();
      another.child.kill('SIGTERM');
      assert.equal((await another.ended).code, 0);
    });

    it(`ends at once at a second signal, workers and all (${kind})`, async () => {
      using directory = temporaryDirectory();
      const { task, worker, executor } = await heldByTask(directory.path, '-e', kind);
      worker.child.kill('SIGINT');
      await worker.logged('signal');
      worker.child.kill('SIGTERM');
      const ended = await worker.ended;
      assert.equal(ended.code, 143);
      assert.equal(worker.log().at(-1)?.event, 'ended-now');
      await until(() => !isAlive(-(worker.child.pid as number)));
      // No other worker will run it: it would keep this process waiting.
      await executor.shutdown({ timeout: 0 });
      task.cancel();
    });

    it(`that is killed loses nothing: another worker runs its task (${kind})`, async () => {
      using directory = temporaryDirectory();
      const { queue, task, worker, executor, release } = await heldByTask(directory.path, '-e', kind);
      worker.child.kill('SIGKILL');
      await worker.ended;
      const another = startWorker(queue.args);
      const { deliveries } = await another.logged('redelivered');
      assert.equal(deliveries, 2);
      release();
      assert.equal(await task, 'a');
      await executor.shutdown();
      another.child.kill('SIGTERM');
      assert.equal((await another.ended).code, 0);
    });
  }

  it('logs what tasks print as JSON, too', async () => {
    const { args, options } = newQueue(server);
    const worker = startWorker([...args, '-e', 'process']);
    await using executor = new ClusterExecutor(options);
    await executor.submit(() => console.log('{"half a line'));
    await executor.submit(() => console.error('an error'));
    await until(() => worker.log().filter(({ event }) => event === 'printed').length === 2);
    const printed = worker.log().filter(({ event }) => event === 'printed');
    assert.deepEqual(printed.map(({ message }) => message).sort(), ['an error', '{"half a line']);
    worker.child.kill('SIGTERM');
    assert.equal((await worker.ended).stdout, '');
  });

  it('calls --init first, and ends with 1 before it takes anything where that throws', async () => {
    const { args, options } = newQueue(server);
    const failing = await futures(['worker', ...args, '--init', './tasks.mjs#failingInit']);
    assert.equal(failing.code, 1);
    const [entry] = entries(failing.stderr);
    assert.match(entry?.message ?? '', /--init \.\/tasks\.mjs#failingInit failed: Error: no greeting today/);
    const worker = startWorker([...args, '--init', './tasks.mjs#setGreeting']);
    await using executor = new ClusterExecutor(options);
    assert.equal(await executor.submit(tasks.greet, 'Ada'), 'hello Ada');
    worker.child.kill('SIGTERM');
    assert.equal((await worker.ended).code, 0);
  });

  it('runs only what --allow-module names', async () => {
    const { args, options } = newQueue(server);
    const worker = startWorker([...args, '--allow-module', 'concurrent-futures/test/cli/fixtures']);
    await using executor = new ClusterExecutor(options);
    assert.equal(await executor.submit(tasks.square, 2), 4);
    await assert.rejects(
      executor.submit((n: number) => n, 1),
      /--allow-module/,
    );
    assert.equal((await worker.logged('refused'))['reason'], 'MODULE_NOT_ALLOWED');
    worker.child.kill('SIGTERM');
    assert.equal((await worker.ended).code, 0);
  });
});

describe('a worker and its broker', () => {
  /** A port on which nothing listens. */
  function unusedPort(): Promise<number> {
    return new Promise((resolve) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const { port } = probe.address() as { port: number };
        probe.close(() => resolve(port));
      });
    });
  }

  it('says in one message that nothing answers there, and ends with 1', async () => {
    const { code, stdout, stderr } = await futures(['worker', '-s', `nats://127.0.0.1:${await unusedPort()}`]);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.equal(entries(stderr).length, 1, stderr);
    const [entry] = entries(stderr);
    assert.equal(entry?.level, 'error');
    assert.match(
      entry?.message ?? '',
      /^can't use the broker at nats:.*nothing answers there.*is nats-server running\?/,
    );
  });

  it('waits for one that is not there yet with --wait, and for one that goes', async () => {
    const late = await startServer();
    try {
      await late.kill();
      const worker = startWorker(['-s', late.url, '--wait', '--health', '0']);
      const { url } = await worker.logged('health');
      await worker.logged('waiting');
      assert.deepEqual(await healthOf(url), { code: 503, state: 'starting', isConnected: false });
      await late.start();
      await worker.logged('started');
      await until200(url);
      await late.kill();
      await worker.logged('disconnected');
      assert.deepEqual(await healthOf(url), { code: 503, state: 'working', isConnected: false });
      assert.equal((await fetch(`${url}/livez`)).status, 200);
      await late.start();
      await worker.logged('reconnected');
      await using executor = new ClusterExecutor({ servers: late.url });
      assert.equal(await executor.submit(tasks.square, 5), 25);
      await until200(url);
      worker.child.kill('SIGTERM');
      assert.equal((await worker.ended).code, 0);
    } finally {
      await late.stop();
    }
  });

  it('ends the wait at a signal, with 0', async () => {
    const worker = startWorker(['-s', `nats://127.0.0.1:${await unusedPort()}`, '--wait']);
    await worker.logged('waiting');
    worker.child.kill('SIGTERM');
    assert.equal((await worker.ended).code, 0);
  });

  it('logs in with what the environment says, and says so where that is refused', async () => {
    const guarded = await startServer('authorization { user: ada, password: "love lace" }');
    try {
      const refused = await futures(['worker', '-s', guarded.url, '--wait'], { env: { FUTURES_USER: 'ada' } });
      assert.equal(refused.code, 1);
      assert.match(entries(refused.stderr)[0]?.message ?? '', /authorization.*check the credentials/i);
      const env = { FUTURES_USER: 'ada', FUTURES_PASSWORD: 'love lace' };
      const worker = startWorker(['-s', guarded.url], { env });
      const connection = { user: 'ada', pass: 'love lace' };
      await using executor = new ClusterExecutor({ servers: guarded.url, connection });
      // What a task could tell is not there.
      assert.equal(await executor.submit(() => process.env['FUTURES_PASSWORD']), undefined);
      worker.child.kill('SIGTERM');
      assert.equal((await worker.ended).code, 0);
    } finally {
      await guarded.stop();
    }
  });
});

describe("a worker's key", () => {
  it('is that of all: what has another one is refused, and the worker goes on', async () => {
    using directory = temporaryDirectory();
    const keyFile = directory.write('key', 'a secret of all machines\n');
    const { args, options } = newQueue(server);
    const worker = startWorker([...args, '--key-file', keyFile]);
    await using stranger = new ClusterExecutor({ ...options, key: 'a secret of somebody else' });
    await assert.rejects(stranger.submit(tasks.square, 1), /signature/);
    assert.equal((await worker.logged('refused'))['reason'], 'BAD_SIGNATURE');
    await using unsigned = new ClusterExecutor(options);
    await assert.rejects(unsigned.submit(tasks.square, 1), /signed/);
    await using friend = new ClusterExecutor({ ...options, key: 'a secret of all machines' });
    assert.equal(await friend.submit(tasks.square, 6), 36);
    worker.child.kill('SIGTERM');
    assert.equal((await worker.ended).code, 0);
  });

  it('may come in the environment, where tasks do not find it', async () => {
    const { args, options } = newQueue(server);
    const key = 'a secret of all machines';
    const worker = startWorker([...args, '-e', 'process'], { env: { FUTURES_KEY: key } });
    await using executor = new ClusterExecutor({ ...options, key });
    assert.equal(await executor.submit(() => process.env['FUTURES_KEY']), undefined);
    worker.child.kill('SIGTERM');
    assert.equal((await worker.ended).code, 0);
  });

  it('may be one of a pair', async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const pair = () =>
      generateKeyPairSync('ed25519', {
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
    using directory = temporaryDirectory();
    const [own, submitter, stranger] = [pair(), pair(), pair()];
    const files = [
      '--key-file',
      directory.write('own', own.privateKey),
      '--trust',
      directory.write('s', submitter.publicKey),
    ];
    const { args, options } = newQueue(server);
    const worker = startWorker([...args, ...files]);
    await using friend = new ClusterExecutor({
      ...options,
      key: { privateKey: submitter.privateKey, publicKeys: [own.publicKey] },
    });
    assert.equal(await friend.submit(tasks.square, 6), 36);
    await using other = new ClusterExecutor({
      ...options,
      key: { privateKey: stranger.privateKey, publicKeys: [own.publicKey] },
    });
    await assert.rejects(other.submit(tasks.square, 6), /signature/);
    worker.child.kill('SIGTERM');
    assert.equal((await worker.ended).code, 0);
  });

  const mistakes: readonly (readonly [args: string, message: RegExp])[] = [
    ['worker', /required option '-s, --servers <url\.\.\.>' not specified/],
    ['worker -s nats://10.0.0.1:4222', /--key-file FILE, or FUTURES_KEY.*--allow-unsigned/],
    ['worker -s nats://ada:secret@localhost', /FUTURES_USER and FUTURES_PASSWORD/],
    ['worker -s localhost:x', /must be an address like nats:\/\/host:4222/],
    ['worker -s localhost --queue a.b', /queue must be a name of letters/],
    ['worker -s localhost --executor inline', /Allowed choices are thread, process/],
    ['worker -s localhost --health here', /must be a port, or a host and a port/],
    ['worker -s localhost --health 70000', /must be a port, or a host and a port/],
    ['worker -s localhost --key-file no-such', /can't read --key-file no-such: no such file/],
    ['worker -s localhost --key-file words.mjs --trust words.mjs', /--trust needs a private key/],
    ['worker -s localhost --creds no-such', /can't read --creds no-such: no such file/],
    ['worker -s localhost --creds words.mjs --nkey words.mjs', /one way to log in, not --creds and --nkey/],
    ['worker -s localhost --tls-ca no-such', /can't read --tls-ca no-such/],
    ['worker -s localhost --tls-key words.mjs', /give --tls-cert and --tls-key/],
    ['worker -s localhost --init ./nowhere.mjs', /there is no module \.\/nowhere\.mjs/],
    ['top -s nats://10.0.0.1:4222', /--key-file FILE, or FUTURES_KEY/],
  ];
  for (const [args, message] of mistakes) {
    it(`and other options are checked, with exit code 2: futures ${args}`, async () => {
      const { code, stdout, stderr } = await futures(args.split(' '));
      assert.match(stderr, message);
      assert.match(stderr, /^error: /);
      assert.doesNotMatch(stderr, /\n +at /);
      assert.equal(stdout, '');
      assert.equal(code, 2);
    });
  }
});

describe('the health of a worker', () => {
  it('is answered on the loopback address alone: 200 while it works, 503 while it ends', async () => {
    using directory = temporaryDirectory();
    const { task, worker, executor, release } = await heldByTask(directory.path, '--health', '0');
    const url = (await worker.logged('health'))['url'] as string;
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    const response = await fetch(`${url}/healthz`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/json');
    const { state, running, held, isConnected, pid } = (await response.json()) as Record<string, unknown>;
    const expected = { state: 'working', running: 1, held: 1, isConnected: true, pid: worker.child.pid };
    assert.deepEqual({ state, running, held, isConnected, pid }, expected);
    assert.equal((await fetch(`${url}/other`)).status, 404);
    assert.equal((await fetch(`${url}/healthz`, { method: 'POST' })).status, 405);
    worker.child.kill('SIGTERM');
    await worker.logged('draining');
    assert.deepEqual(await healthOf(url), { code: 503, state: 'draining', isConnected: true });
    release();
    assert.equal(await task, 'a');
    await executor.shutdown();
    assert.equal((await worker.ended).code, 0);
  });

  it('can be that of one worker only: a port that is taken is said', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const { code, stderr } = await futures(['worker', ...newQueue(server).args, '--health', `${port}`]);
    taken.close();
    assert.equal(code, 1);
    assert.match(entries(stderr)[0]?.message ?? '', /can't listen for --health: .*EADDRINUSE/);
  });
});

async function healthOf(url: unknown) {
  const response = await fetch(`${url}/healthz`);
  const { state, isConnected } = (await response.json()) as Record<string, unknown>;
  return { code: response.status, state, isConnected };
}

async function until200(url: unknown): Promise<void> {
  while ((await fetch(`${url}/healthz`)).status !== 200);
}
