import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ClusterExecutor } from 'concurrent-futures/cluster';
import { Rates } from '../../src/cli/cluster/rates.js';
import { topLines } from '../../src/cli/cluster/top-table.js';
import { startServer, type TestServer } from '../cluster/nats-server.js';
import { describe, it } from './bounded-test.js';
import { newQueue, startWorker } from './cluster.js';
import { commandPath, futures, temporaryDirectory, untilExists } from './command.js';
import * as tasks from './fixtures/tasks.mjs';
import { missing } from './system-package.js';
import { TmuxWindow } from './tmux.js';

let server: TestServer;
before(async () => {
  server = await startServer();
});
after(() => server.stop());

describe('futures top', () => {
  it('prints one table of the workers and of what waits, where it writes to no terminal', async () => {
    using directory = temporaryDirectory();
    const { args, options } = newQueue(server);
    const executor = new ClusterExecutor(options);
    const workers = ['blue', 'red'].map((name) => startWorker([...args, '--name', name, '--max-workers', '1']));
    await Promise.all(workers.map((worker) => worker.logged('started')));
    const gates = ['a', 'b'].map((name) => executor.submit(tasks.gate, { directory: directory.path, name }));
    for (const name of ['a', 'b']) await untilExists(join(directory.path, `started-${name}`));
    const { code, stdout, stderr } = await futures(['top', ...args]);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    const lines = stdout.split('\n');
    assert.equal(lines[0], `queue ${options.queue} at ${server.url}: 2 workers, 2 of 2 slots busy, 0 tasks/s`);
    assert.match(lines[1] ?? '', /^0 batches of tasks wait, [12] (is|are) with workers$/);
    assert.equal(lines[2], '');
    const header = 'NAME HOST SLOTS RUNNING HELD DONE RATE/S FAILED REFUSED STATE'.split(' ');
    assert.deepEqual(words(lines[3]), header);
    const rows = lines.slice(4).filter((line) => line !== '');
    assert.deepEqual(
      rows.map((row) => words(row).filter((_, i) => i !== 1)),
      ['blue', 'red'].map((name) => [name, '1', '1', '1', '0', '0', '0', '0', 'working']),
    );
    for (const name of ['a', 'b']) writeFileSync(join(directory.path, `release-${name}`), '');
    await Promise.all(gates);
    await executor.shutdown();
    for (const worker of workers) worker.child.kill('SIGTERM');
    for (const worker of workers) assert.equal((await worker.ended).code, 0);
  });

  it('says so where there is no such queue, and makes none', async () => {
    const { args, options } = newQueue(server);
    for (let times = 0; times < 2; times++) {
      const { code, stdout } = await futures(['top', ...args, '--once']);
      assert.equal(code, 0);
      assert.ok(stdout.includes(`there is no queue ${options.queue} yet`), stdout);
    }
  });

  it('says why it can not show a worker that has another key', async () => {
    const { args } = newQueue(server);
    const worker = startWorker(args, { env: { FUTURES_KEY: 'a secret of all machines' } });
    await worker.logged('started');
    const { stdout } = await futures(['top', ...args, '--once'], { env: { FUTURES_KEY: 'a secret of somebody else' } });
    assert.match(
      stdout,
      /: 0 workers,.*\n.*\na worker can't be shown: the signature of the message is not that of a known key/,
    );
    worker.child.kill('SIGTERM');
    await worker.ended;
  });

  it('says in one message that nothing answers there, and ends with 1', async () => {
    const { code, stdout, stderr } = await futures(['top', '--servers', 'nats://127.0.0.1:1']);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^error: can't use the broker at nats:\/\/127\.0\.0\.1:1: nothing answers there.*\n$/);
  });

  it('renews itself on a terminal until Ctrl-C, also while the broker is away', { skip: missing('tmux') }, async () => {
    const { args, options } = newQueue(server);
    const command = [process.execPath, commandPath, 'top', ...args].join(' ');
    using window = new TmuxWindow(command, { columns: 80, rows: 12 }, { NODE_OPTIONS: '' });
    const shows = async (pattern: RegExp): Promise<void> => {
      const givenUpAt = Date.now() + 30_000;
      while (!pattern.test(window.text()) && Date.now() < givenUpAt) await delay(50);
      assert.match(window.text(), pattern);
    };
    await shows(/0 workers.*\nthere is no queue/);
    const worker = startWorker([...args, '--name', 'green']);
    await shows(/1 worker,[\s\S]*\ngreen .* working/);
    await using executor = new ClusterExecutor(options);
    await executor.submit(tasks.square, 2);
    await shows(/NAME .*DONE[\s\S]*\ngreen +\S+ +\d+ +0 +0 +1 /);
    await server.kill();
    await shows(/the broker is away/);
    await server.start();
    await shows(/1 worker,[\s\S]*\ngreen .* working/);
    worker.child.kill('SIGTERM');
    await worker.ended;
    await shows(/0 workers/);
    window.press('C-c');
    await shows(/exit code 0/);
    assert.equal(window.isCursorShown, true);
    assert.equal(window.text().match(/^queue /gm)?.length, 1);
  });
});

describe('the table', () => {
  const colors = new Proxy({}, { get: () => (text: string) => text }) as Parameters<typeof topLines>[1];
  const worker = (name: string, more: object = {}) => ({
    ...{
      version: 1,
      name,
      host: 'host',
      pid: 1,
      executor: 'ThreadPoolExecutor',
      slots: 8,
      running: 5,
      held: 12,
      done: 1000,
      failed: 3,
    },
    ...{ refused: 0, startedAt: 0, isDraining: false, heardAt: 1000, ...more },
  });
  const facts = (workers: ReturnType<typeof worker>[]) => ({
    ...{ queue: 'default', servers: 'nats://a', isConnected: true, workers, rates: new Rates() },
    ...{ backlog: { waiting: 1, held: 4 }, unreadable: undefined },
  });

  it('leaves out what matters least in a narrow window, and cuts names last', async () => {
    const of = (columns: number) => topLines(facts([worker('a-long-name-of-a-worker')]), colors, { columns, rows: 20 });
    assert.match(of(120)[3] ?? '', /HOST.*REFUSED/);
    assert.doesNotMatch(of(60)[3] ?? '', /HOST|REFUSED/);
    assert.deepEqual(words(of(50)[3]), ['NAME', 'SLOTS', 'RUNNING', 'STATE']);
    assert.equal(of(20).at(-1), 'a-long-name-of-a-w…');
    for (const columns of [120, 60, 50, 20, 2]) for (const line of of(columns)) assert.ok(line.length < columns);
  });

  it('says how many workers a low window has no room for', async () => {
    const many = Array.from({ length: 100 }, (_, i) => worker(`w${i}`));
    const lines = topLines(facts(many), colors, { columns: 80, rows: 10 });
    assert.equal(lines.length, 10);
    assert.equal(lines.at(-1), 'and 95 more');
  });

  it('lets no name act on the terminal', async () => {
    const lines = topLines(facts([worker('evil\u001b[2J', { isDraining: true })]), colors, { columns: 80, rows: 10 });
    assert.ok(lines.at(-1)?.startsWith('evil␛[2J'));
    assert.ok(lines.at(-1)?.endsWith('draining'));
  });

  it('tells rates from the counts and when they were told, anew where a worker has been started anew', async () => {
    const rates = new Rates();
    rates.take([worker('a', { done: 100, heardAt: 1000 }), worker('b', { done: 0, heardAt: 1000 })]);
    assert.equal(rates.of('a'), undefined);
    assert.equal(rates.total, undefined);
    rates.take([worker('a', { done: 150, heardAt: 3000 }), worker('b', { done: 10, heardAt: 2000 })]);
    assert.equal(rates.of('a'), 25);
    assert.equal(rates.total, 35);
    rates.take([worker('a', { done: 0, heardAt: 4000, startedAt: 3500 })]);
    assert.equal(rates.of('a'), undefined);
    assert.equal(rates.of('b'), undefined);
  });
});

function words(line: string | undefined): string[] {
  return (line ?? '').trim().split(/ +/);
}
