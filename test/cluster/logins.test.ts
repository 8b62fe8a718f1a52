/** Each way to log in to the broker is passed through, on both sides; with something else nobody gets in, in bounded time. */

import { equal, match, rejects } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ConnectionOptions, credsAuthenticator, nkeyAuthenticator, nkeys } from '@nats-io/transport-node';
import { BrokenExecutorError, ThreadPoolExecutor } from 'concurrent-futures';
import { ClusterExecutor, ClusterWorker, watchCluster } from 'concurrent-futures/cluster';
import { makeAuthority, makeCertificate } from './certificates.js';
import { TestAccount } from './jwt.js';
import { startServer } from './nats-server.js';

interface Way {
  /** Of the broker. */
  readonly config: string;
  readonly right: Partial<ConnectionOptions>;
  readonly wrong: Readonly<Record<string, readonly [connection: Partial<ConnectionOptions>, why: RegExp]>>;
}

describe('a way to log in', { timeout: 90_000 }, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'logins-'));
    makeAuthority(folder, 'ca');
    makeAuthority(folder, 'stranger');
    for (const name of ['server', 'member']) makeCertificate(folder, name, 'ca');
    makeCertificate(folder, 'former', 'ca', -1);
  });
  after(() => rmSync(folder, { recursive: true }));

  /** A broker that does not take a certificate just goes. */
  const quick = { timeout: 500 };
  const file = (name: string): string => join(folder, `${name}.pem`);
  const shown = (name: string): Partial<ConnectionOptions> => ({
    ...quick,
    tls: { caFile: file('ca'), certFile: file(name), keyFile: file(`${name}-key`) },
  });
  const tlsConfig = (): string =>
    `tls { cert_file: "${file('server')}", key_file: "${file('server-key')}", ca_file: "${file('ca')}", verify: true }`;
  const notLetIn = /authorization violation: check the credentials/i;
  const creds = (text: string): Partial<ConnectionOptions> => ({
    authenticator: credsAuthenticator(Buffer.from(text)),
  });

  const ways: Readonly<Record<string, () => Way>> = {
    'a token': () => ({
      config: 'authorization { token: "open sesame" }',
      right: { token: 'open sesame' },
      wrong: { 'another token': [{ token: 'sesame' }, notLetIn], nothing: [{}, notLetIn] },
    }),
    'an nkey': () => {
      const [member, stranger] = [nkeys.createUser(), nkeys.createUser()];
      return {
        config: `authorization { users: [ { nkey: ${member.getPublicKey()} } ] }`,
        right: { authenticator: nkeyAuthenticator(member.getSeed()) },
        wrong: {
          'another nkey': [{ authenticator: nkeyAuthenticator(stranger.getSeed()) }, notLetIn],
          'no seed': [{ authenticator: nkeyAuthenticator(Buffer.from('SUno')) }, /its credentials can't be used: /],
        },
      };
    },
    'credentials of an account': () => {
      const [account, other] = [new TestAccount(), new TestAccount()];
      return {
        config: account.config,
        right: creds(account.credentials()),
        wrong: {
          'those of another account': [creds(other.credentials()), notLetIn],
          'some that have expired': [
            creds(account.credentials(Date.now() - 60_000)),
            /authorization violation: its credentials expired at \d{4}-\d\d-\d\dT[\d:.]+Z: renew the credentials/i,
          ],
          'something else': [creds('no credentials'), /its credentials can't be used: unable to parse credentials/],
        },
      };
    },
    'a certificate': () => ({
      config: tlsConfig(),
      right: shown('member'),
      wrong: {
        'an expired one': [shown('former'), /its certificate expired at \d{4}-\d\d-\d\dT[\d:.]+Z: renew/],
        'one that nobody vouches for': [shown('stranger'), /a certificate that it trusts/],
        'no certificate': [{ ...quick, tls: { caFile: file('ca') } }, /a certificate that it trusts/],
        'no trust in the broker': [
          { tls: {} },
          /unable to verify the first certificate: give the certificate of the authority/,
        ],
      },
    }),
  };

  for (const [name, wayOf] of Object.entries(ways)) {
    test(`${name}: tasks are done, and nobody gets in with something else`, async () => {
      const { config, right, wrong } = wayOf();
      const server = await startServer(config);
      try {
        const common = { servers: server.url, queue: 'logins' };
        const worker = await ClusterWorker.start({
          ...{ ...common, connection: right },
          executor: new ThreadPoolExecutor({ maxWorkers: 1 }),
        });
        const executor = new ClusterExecutor({ ...common, connection: right });
        equal(await executor.submit((x: number) => x * 2, 21), 42);
        const watch = await watchCluster({ ...common, connection: right });
        equal((await watch.backlog())?.waiting, 0);
        await watch.close();
        for (const [what, [connection, why]] of Object.entries(wrong)) {
          const isRefused = (error: unknown): boolean => {
            match(String(error), why, what);
            return true;
          };
          const own = new ThreadPoolExecutor({ maxWorkers: 1 });
          await rejects(ClusterWorker.start({ ...common, connection, executor: own }), isRefused, what);
          await own.shutdown();
          await rejects(watchCluster({ ...common, connection }), isRefused, what);
          const stranger = new ClusterExecutor({ ...common, connection, startupTimeout: 100 });
          await rejects(Promise.resolve(stranger.submit(Math.max, 1)), (error: unknown) => {
            isRefused(error);
            return error instanceof BrokenExecutorError;
          });
          await stranger.shutdown();
          equal(await executor.submit((x: number) => x * 2, 21), 42);
        }
        await executor.shutdown();
        await worker.drain();
      } finally {
        await server.stop();
      }
    });
  }
});
