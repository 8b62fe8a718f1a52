/** Ed25519 pairs: each side says whom it trusts, and for what. */

import { equal, match, throws } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { ClusterExecutor, type ClusterKey } from 'concurrent-futures/cluster';
import { Guarded, refusal } from './guarded.js';
import { startServer, type TestServer } from './nats-server.js';

interface Pair {
  readonly privateKey: string;
  readonly publicKey: string;
}

function pair(): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
}

const trusting = (own: Pair, ...others: Pair[]): ClusterKey => ({
  privateKey: own.privateKey,
  publicKeys: others.map(({ publicKey }) => publicKey),
});
const double = (x: number): number => x * 2;

describe('Ed25519 pairs', { timeout: 60_000 }, () => {
  const [alice, bob, worker, helper, mallory] = [pair(), pair(), pair(), pair(), pair()] as [
    Pair,
    Pair,
    Pair,
    Pair,
    Pair,
  ];
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());

  test('each submitter whose key a worker trusts is served, and none else', async () => {
    await using guarded = await Guarded.start(
      server,
      { key: trusting(worker, alice, bob) },
      { key: trusting(alice, worker) },
    );
    for (const each of [alice, bob])
      equal(await guarded.submitter({ key: trusting(each, worker) }).submit(double, 21), 42);
    const error = await guarded.refuses('BAD_SIGNATURE', async () => {
      await refusal(guarded.submitter({ key: trusting(mallory, worker) }).submit(double, 1), 'BAD_SIGNATURE');
    });
    match(error.message, /not that of a known key/);
    await guarded.refuses('BAD_SIGNATURE', async () => {
      await refusal(guarded.submitter({ key: 'a secret in the place of a pair' }).submit(double, 1), 'BAD_SIGNATURE');
    });
    await guarded.refuses('UNSIGNED', async () => {
      await refusal(guarded.submitter({ key: undefined }).submit(double, 1), 'BAD_SIGNATURE');
    });
  });

  test('a changed, a moved and a repeated task are refused', async () => {
    await using guarded = await Guarded.start(
      server,
      { key: trusting(worker, alice) },
      { key: trusting(alice, worker) },
    );
    const { subject, id, data } = await guarded.recordTask();
    const changed = Buffer.from(data);
    changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
    await guarded.refuses('BAD_SIGNATURE', () => guarded.send(subject, changed, `${id}c`));
    await guarded.refuses('BAD_SIGNATURE', () => guarded.send(subject.replace(id, `${id}m`), data, `${id}m`));
    await guarded.refuses('REPLAYED', () => guarded.send(subject, data));
    await guarded.refuses('BAD_SIGNATURE', () =>
      guarded.send(subject, Buffer.concat([Buffer.of(2), randomBytes(10)]), `${id}s`),
    );
  });

  test('outcomes of a worker whose key a submitter does not trust are not believed', async () => {
    await using guarded = await Guarded.start(
      server,
      { key: trusting(worker, alice) },
      { key: trusting(alice, worker) },
    );
    const error = await refusal(guarded.submitter({ key: trusting(alice, helper) }).submit(double, 1), 'BAD_SIGNATURE');
    match(error.message, /can't be trusted/);
    await guarded.worksOn();
  });

  test('a worker that others trust for outcomes only can’t give them tasks', async () => {
    const roles = { submitters: [alice.publicKey], workers: [worker.publicKey, helper.publicKey] };
    const keyOf = ({ privateKey }: Pair): ClusterKey => ({ privateKey, publicKeys: roles });
    await using guarded = await Guarded.start(server, { key: keyOf(worker) }, { key: keyOf(alice) });
    await guarded.worksOn();
    await guarded.refuses('BAD_SIGNATURE', async () => {
      await refusal(guarded.submitter({ key: keyOf(helper) }).submit(double, 1), 'BAD_SIGNATURE');
    });
  });

  test('keys are changed without a pause: the new one is trusted first, and the old one not any more at last', async () => {
    await using guarded = await Guarded.start(
      server,
      { key: trusting(worker, alice, bob) },
      { key: trusting(alice, worker) },
    );
    await guarded.worksOn();
    equal(await guarded.submitter({ key: trusting(bob, worker) }).submit(double, 21), 42);
    await guarded.worker.drain();
    await guarded.addWorker({ key: trusting(worker, bob) });
    equal(await guarded.submitter({ key: trusting(bob, worker) }).submit(double, 21), 42);
    await refusal(guarded.submitter().submit(double, 1), 'BAD_SIGNATURE');
  });

  test('keys as openssl writes them are taken', async () => {
    const openssl = (input: string, ...args: string[]): string => {
      const { stdout, status } = spawnSync('openssl', args, { input, encoding: 'utf8' });
      equal(status, 0);
      return stdout;
    };
    const made = (): Pair => {
      const privateKey = openssl('', 'genpkey', '-algorithm', 'ed25519');
      return { privateKey, publicKey: openssl(privateKey, 'pkey', '-pubout') };
    };
    const [submitter, runner] = [made(), made()];
    await using guarded = await Guarded.start(
      server,
      { key: trusting(runner, submitter) },
      { key: trusting(submitter, runner) },
    );
    await guarded.worksOn();
  });

  test('a key that is none is refused in words', () => {
    const make = (key: unknown) => () => new ClusterExecutor({ servers: server.url, key: key as ClusterKey });
    throws(make('short'), /at least 16 bytes; got 5/);
    throws(make(alice.privateKey), /one half of a pair: give \{ privateKey, publicKeys \}/);
    throws(
      make({ privateKey: 'x', publicKeys: [] }),
      /key\.privateKey can't be read: it must be an Ed25519 key as PEM/,
    );
    throws(make({ privateKey: alice.privateKey }), /key\.publicKeys/);
    throws(
      make({ privateKey: alice.privateKey, publicKeys: { workers: [] } }),
      /key\.publicKeys\.submitters must be a list/,
    );
    throws(make({ privateKey: alice.privateKey, publicKeys: [alice.publicKey, 'x'] }), /key\.publicKeys can't be read/);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
    throws(make({ privateKey: rsa.privateKey, publicKeys: [] }), /must be an Ed25519 key; got rsa/);
  });
});
