/** What is not a task of somebody who has the key is refused, each with its own reason, and the worker goes on. */

import { deepEqual, equal, match, ok, rejects, throws } from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ClusterExecutor } from 'concurrent-futures/cluster';
import { encode } from '../../src/cluster/codec.js';
import { sealFor } from '../../src/cluster/seal.js';
import { Guarded, refusal, secret } from './guarded.js';
import { startServer, type TestServer } from './nats-server.js';

const limit = { timeout: 60_000 };
const double = (x: number): number => x * 2;

describe('signatures and replays', limit, () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  test('a submitter with another key is refused, and told so', async () => {
    await using guarded = await Guarded.start(server);
    await guarded.refuses('BAD_SIGNATURE', async () => {
      const error = await refusal(
        guarded.submitter({ key: 'a secret of somebody else' }).submit(double, 1),
        'BAD_SIGNATURE',
      );
      match(error.message, /double.*keys differ/);
    });
  });

  test('what a submitter with another key has stored of a function is in nobody’s way', async () => {
    await using guarded = await Guarded.start(server);
    const [good, bad] = [guarded.submitter(), guarded.submitter({ key: 'a secret of somebody else' })];
    await refusal(bad.submit(double, 1), 'BAD_SIGNATURE');
    equal(await good.submit(double, 21), 42);
    await refusal(bad.submit(double, 1), 'BAD_SIGNATURE');
    // It knows nothing yet.
    await guarded.worker.drain();
    await guarded.addWorker({ key: secret });
    equal(await good.submit(double, 21), 42);
  });

  test('an unsigned task is refused by a worker that has a key', async () => {
    await using guarded = await Guarded.start(server);
    await guarded.refuses('UNSIGNED', async () => {
      // It can't check either what the worker says.
      await refusal(guarded.submitter({ key: undefined }).submit(double, 1), 'BAD_SIGNATURE');
    });
  });

  test('a signed task is refused by a worker that has no key', async () => {
    await using guarded = await Guarded.start(server, {});
    await guarded.refuses('BAD_SIGNATURE', async () => {
      await refusal(guarded.submitter({ key: secret }).submit(double, 1), 'UNSIGNED');
    });
  });

  test('a task whose bytes were changed is refused', async () => {
    await using guarded = await Guarded.start(server);
    const { subject, id, data } = await guarded.recordTask();
    for (const place of [1, 40, data.length - 1]) {
      const changed = Buffer.from(data);
      changed[place] = (changed[place] as number) ^ 1;
      await guarded.refuses('BAD_SIGNATURE', () => guarded.send(subject, changed, `${id}-${place}`));
    }
    await guarded.refuses('BAD_SIGNATURE', () => guarded.send(subject, data.subarray(0, -1), `${id}-cut`));
  });

  test('a task that was moved to another subject is refused', async () => {
    await using guarded = await Guarded.start(server);
    const { subject, id, data } = await guarded.recordTask();
    const otherId = subject.replace(id, `${id}x`);
    const otherClient = subject.replace(/recorded\d+/, 'victim');
    await guarded.refuses('BAD_SIGNATURE', () => guarded.send(otherId, data, `${id}x`));
    await guarded.refuses('BAD_SIGNATURE', () => guarded.send(otherClient, data, 'other'));
  });

  test('a task of another queue with the same key is refused', async () => {
    await using one = await Guarded.start(server);
    await using other = await Guarded.start(server);
    const { subject, id, data } = await one.recordTask();
    await other.refuses('BAD_SIGNATURE', () => other.send(subject.replace(one.queue, other.queue), data, id));
  });

  test('a task that is sent once more does not run again', async () => {
    await using guarded = await Guarded.start(server);
    const { subject, id, data } = await guarded.recordTask();
    const { done } = guarded.worker.status();
    // The broker knows that id, and drops it.
    equal(await guarded.send(subject, data, id), true);
    await guarded.worksOn();
    equal(guarded.worker.status().done, done + 1);
    await guarded.refuses('REPLAYED', () => guarded.send(subject, data));
    await guarded.refuses('REPLAYED', () => guarded.send(subject, data, 'another'));
  });

  test('a task that is sent once more does not run on a worker that has not seen it', async () => {
    await using guarded = await Guarded.start(server);
    const { subject, data } = await guarded.recordTask();
    await guarded.worker.drain();
    const fresh = await guarded.addWorker({ key: secret });
    for (const [i, id] of [undefined, 'another'].entries()) {
      const from = guarded.entries.length;
      await guarded.send(subject, data, id);
      equal((await guarded.said('refused', from))['reason'], 'REPLAYED');
      equal(fresh.status().done, i);
      await guarded.worksOn();
    }
  });

  test('a task that was signed long ago, or will be, is refused', async () => {
    await using guarded = await Guarded.start(server);
    const seal = sealFor(secret);
    const group = ['0'.repeat(32), 'old', 1, false, 1, 0, [], null, null];
    for (const [id, ms] of [
      ['past', -70_000],
      ['future', 70_000],
    ] as const) {
      const subject = guarded.subject('task', 'somebody', id);
      const body = encode({ version: 1, issuedAt: Date.now() + ms, groups: [group] }, true);
      const entry = await guarded.refuses('REPLAYED', () => guarded.send(subject, seal.close(subject, body), id));
      match(entry.message, /signed 70 s (before|after) it was sent/);
    }
  });

  test('a submitter without a key may use a broker on this machine only', async () => {
    const remote = 'nats://broker.example.com:4222';
    throws(
      () => new ClusterExecutor({ servers: remote }),
      /needs a key, since nats:\/\/broker.*could run code on the workers/,
    );
    throws(() => new ClusterExecutor({ servers: [server.url, '10.0.0.7:4222'] }), /needs a key, since 10\.0\.0\.7/);
    for (const options of [
      { servers: remote, allowUnsigned: true },
      { servers: remote, key: secret },
      { servers: 'localhost' },
    ])
      await new ClusterExecutor(options).shutdown();
  });
});

describe('a broker on this machine that others reach', limit, () => {
  test('it gives nothing to a worker without a key, unless that is wanted', async () => {
    const server = await startServer('host: 0.0.0.0');
    try {
      await rejects(
        async () => (await Guarded.start(server, {}))[Symbol.asyncDispose](),
        /needs a key, since its broker listens on 0\.0\.0\.0.*-a 127\.0\.0\.1/,
      );
      for (const options of [{ allowUnsigned: true }, { key: secret }]) {
        await using guarded = await Guarded.start(server, options);
        await guarded.worksOn();
      }
    } finally {
      await server.stop();
    }
  });
});

describe('sizes', limit, () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  const mega = 1024 * 1024;
  const length = (bytes: Uint8Array): number => bytes.length;
  const bytes = (count: number): Uint8Array => new Uint8Array(count);

  test('a value that is too large for a message travels as an object', async () => {
    await using guarded = await Guarded.start(server, { key: secret, maxMessageBytes: 4 * mega });
    const executor = guarded.submitter();
    equal(await executor.submit(length, new Uint8Array(3 * mega)), 3 * mega);
    equal((await executor.submit(bytes, 3 * mega)).length, 3 * mega);
  });

  test('a value above the limit is refused before it is sent', async () => {
    await using guarded = await Guarded.start(server, { key: secret }, { maxMessageBytes: mega });
    const error = await refusal(guarded.submitter().submit(length, new Uint8Array(mega)), 'OVERSIZED');
    match(
      error.message,
      /"length" can't be sent: it takes 10\d{5} bytes, and 1048576 is the limit \(maxMessageBytes\)/,
    );
    await guarded.worksOn();
  });

  test('a value above the limit of the worker is refused there', async () => {
    await using guarded = await Guarded.start(server, { key: secret, maxMessageBytes: 256 * 1024 });
    for (const size of [300 * 1024, 2 * mega])
      await guarded.refuses('OVERSIZED', async () => {
        await refusal(guarded.submitter().submit(length, new Uint8Array(size)), 'OVERSIZED');
      });
  });

  test('a result above the limit fails its task, and only that one', async () => {
    await using guarded = await Guarded.start(server, { key: secret, maxMessageBytes: mega });
    const executor = guarded.submitter();
    await executor.submit(bytes, 1);
    // Each alone is small enough.
    const sizes: number[] = [];
    for await (const each of executor.map(bytes, Array(8).fill(300 * 1024))) sizes.push(each.length);
    deepEqual(sizes, Array(8).fill(300 * 1024));
    const tasks = [1, 2 * mega, 3].map((size) => executor.submit(bytes, size));
    await refusal(tasks[1] as PromiseLike<unknown>, 'OVERSIZED');
    deepEqual([(await tasks[0])?.length, (await tasks[2])?.length], [1, 3]);
    await guarded.worksOn();
  });

  test('a task that is in an object which is not there, or is another, is refused', async () => {
    await using guarded = await Guarded.start(server);
    const blob = (name: string): Buffer => Buffer.concat([Buffer.of(255), Buffer.from(name)]);
    equal(await guarded.submitter().submit(length, new Uint8Array(mega)), mega);
    const large = guarded.recorded.find(({ data }) => data[0] === 255);
    ok(large !== undefined);
    const subject = guarded.subject('task', 'somebody', 'some');
    await guarded.refuses('MALFORMED', () => guarded.send(subject, blob('f'.repeat(64))));
    await guarded.refuses('MALFORMED', () => guarded.send(subject, blob('../../etc/passwd')));
    await guarded.refuses('BAD_SIGNATURE', () => guarded.send(subject, large.data));
    await guarded.refuses('REPLAYED', () => guarded.send(large.subject, large.data));
  });
});

describe('garbage', limit, () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  for (const [whose, key, other] of [
    ['a worker with a key', secret, 'BAD_SIGNATURE'],
    ['a worker without one', undefined, 'BAD_SIGNATURE'],
  ] as const) {
    test(`${whose} refuses bytes that are no task`, async () => {
      await using guarded = await Guarded.start(server, { key });
      const expected = [
        'MALFORMED',
        key === undefined ? 'MALFORMED' : 'UNSIGNED',
        other,
        other,
        'MALFORMED',
        'MALFORMED',
      ];
      for (const [i, bytes] of [[], [0], [1], [2], [3], [255]].entries()) {
        const subject = guarded.subject('task', 'somebody', `garbage-${i}`);
        const data = Buffer.concat([Buffer.from(bytes), bytes.length === 0 ? Buffer.alloc(0) : randomBytes(200)]);
        await guarded.refuses(expected[i] as string, () => guarded.send(subject, data));
      }
    });

    test(`${whose} refuses what makes no sense, whoever signed it`, async () => {
      await using guarded = await Guarded.start(server, { key });
      const seal = sealFor(key);
      const now = Date.now();
      const group = ['0'.repeat(32), 'task', 1, false, 1, 0, [], null, null];
      const bodies: [string, unknown][] = [
        ['WRONG_VERSION', null],
        ['WRONG_VERSION', []],
        ['WRONG_VERSION', { version: 2, issuedAt: now, groups: [group] }],
        ['MALFORMED', { version: 1 }],
        ['MALFORMED', { version: 1, issuedAt: 'now', groups: [group] }],
        ['MALFORMED', { version: 1, issuedAt: now, groups: {} }],
        ['MALFORMED', { version: 1, issuedAt: now, groups: [] }],
        ['MALFORMED', { version: 1, issuedAt: now, groups: [null] }],
        ['MALFORMED', { version: 1, issuedAt: now, groups: [group.with(4, 1e9)] }],
        ['MALFORMED', { version: 1, issuedAt: now, groups: [group.with(5, -1)] }],
        ['MALFORMED', { version: 1, issuedAt: now, groups: [group.with(0, '../x')] }],
        ['CODE_NOT_FOUND', { version: 1, issuedAt: now, groups: [group] }],
      ];
      for (const [i, [reason, body]] of bodies.entries()) {
        const subject = guarded.subject('task', 'somebody', `sense-${i}`);
        await guarded.refuses(reason, () =>
          guarded.send(subject, seal.close(subject, encode(body, true)), `sense-${i}`),
        );
      }
    });

    test(`${whose} and its submitter are not disturbed by garbage as presence, cancel or ask`, async () => {
      await using guarded = await Guarded.start(server, { key });
      await guarded.worksOn();
      const seal = sealFor(key);
      for (const what of ['presence', 'cancel', 'ask']) {
        const subject = guarded.subject(what);
        for (const data of [Buffer.alloc(0), randomBytes(100), Buffer.concat([Buffer.of(0), randomBytes(100)])])
          guarded.say(subject, data);
        for (const body of [
          null,
          [],
          {},
          { name: 7 },
          { client: 'a', batches: [['b', 'all']], how: 'kill', reason: '' },
        ])
          guarded.say(subject, seal.close(subject, encode(body, true)));
      }
      await guarded.stranger.flush();
      await guarded.worksOn();
      const refused = guarded.entries.filter(({ event }) => event === 'refused');
      equal(refused.length, 8);
      ok(refused.every(({ message }) => message.startsWith('refused to cancel tasks: ')));
    });
  }

  test('garbage with too long a subject says nothing of the batch that it seems to be', async () => {
    await using guarded = await Guarded.start(server);
    const { subject } = await guarded.recordTask();
    // Only the listener that records is there; the broker does not store it.
    await rejects(guarded.stranger.request(`${subject}.x`, randomBytes(20), { timeout: 200 }), /timeout/);
    await guarded.worksOn();
  });

  test('garbage in the place of outcomes is not believed, and its worker goes on', async () => {
    await using guarded = await Guarded.start(server);
    const executor = guarded.submitter({ name: 'victim' });
    equal(await executor.submit(double, 1), 2);
    const sent = new Promise<string>((resolve) => {
      guarded.stranger.subscribe(guarded.subject('task', 'victim', '*'), {
        callback: (_error, { subject }) => resolve(subject),
        max: 1,
      });
    });
    await guarded.stranger.flush();
    // Both write of the same batch: the worker comes second, and the submitter hears first what nobody signed.
    const task = executor.submit(() => new Promise((resolve) => setTimeout(resolve, 300, 'done')));
    guarded.say((await sent).replace('.task.', '.res.'), randomBytes(50));
    await task.then(undefined, (error: unknown) => equal((error as { code?: unknown }).code, 'TASK_REFUSED'));
    await guarded.worksOn();
    equal(guarded.worker.status().state, 'working');
  });
});
