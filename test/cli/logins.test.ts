import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credsAuthenticator, nkeys } from '@nats-io/transport-node';
import { ClusterExecutor } from 'concurrent-futures/cluster';
import { makeAuthority, makeCertificate } from '../cluster/certificates.js';
import { TestAccount } from '../cluster/jwt.js';
import { startServer } from '../cluster/nats-server.js';
import { describe, it } from './bounded-test.js';
import { entries, startWorker } from './cluster.js';
import { futures, temporaryDirectory } from './command.js';
import * as tasks from './fixtures/tasks.mjs';

interface Login {
  readonly config: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** By the option that names it, with files in that folder. */
const logins: Readonly<Record<string, (folder: string) => Login>> = {
  '--creds': (folder) => {
    const account = new TestAccount();
    writeFileSync(join(folder, 'creds'), account.credentials());
    return { config: account.config, args: ['--creds', join(folder, 'creds')] };
  },
  '--nkey': (folder) => {
    const user = nkeys.createUser();
    writeFileSync(join(folder, 'seed'), `${new TextDecoder().decode(user.getSeed())}\n`);
    const config = `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`;
    return { config, args: ['--nkey', join(folder, 'seed')] };
  },
  FUTURES_TOKEN: () => ({
    config: 'authorization { token: "open sesame" }',
    args: [],
    env: { FUTURES_TOKEN: 'open sesame' },
  }),
  '--tls-cert': (folder) => {
    makeAuthority(folder, 'ca');
    for (const name of ['server', 'member']) makeCertificate(folder, name, 'ca');
    const file = (name: string): string => join(folder, `${name}.pem`);
    const files = `cert_file: "${file('server')}", key_file: "${file('server-key')}", ca_file: "${file('ca')}"`;
    return {
      config: `tls { ${files}, verify: true }`,
      args: ['--tls-ca', file('ca'), '--tls-cert', file('member'), '--tls-key', file('member-key')],
    };
  },
};

describe('a way to log in', () => {
  for (const [option, login] of Object.entries(logins)) {
    it(`of workers and of futures top: ${option}`, async () => {
      using directory = temporaryDirectory();
      const { config, args, env = {} } = login(directory.path);
      const server = await startServer(config);
      try {
        const all = ['-s', server.url, ...args];
        const worker = startWorker([...all, '--name', 'member'], { env });
        await worker.logged('started');
        const top = await futures(['top', ...all], { env });
        assert.match(top.stdout, /: 1 worker,[\s\S]*\nmember .* working/, top.stderr);
        worker.child.kill('SIGTERM');
        assert.equal((await worker.ended).code, 0);
      } finally {
        await server.stop();
      }
    });
  }

  it('that has expired is said, and ends the command with 1', async () => {
    using directory = temporaryDirectory();
    const account = new TestAccount();
    const server = await startServer(account.config);
    try {
      const file = directory.write('creds', account.credentials(Date.now() - 60_000));
      const message = /its credentials expired at .*: renew the credentials/;
      const worker = await futures(['worker', '-s', server.url, '--creds', file, '--wait']);
      assert.equal(worker.code, 1);
      assert.match(entries(worker.stderr).at(-1)?.message ?? '', message);
      const top = await futures(['top', '-s', server.url, '--creds', file]);
      assert.equal(top.code, 1);
      assert.match(top.stderr, message);
    } finally {
      await server.stop();
    }
  });

  it('that expires while a task runs is read again: the worker works with the new one', async () => {
    using directory = temporaryDirectory();
    const account = new TestAccount();
    const server = await startServer(account.config);
    try {
      const file = directory.write('creds', account.credentials(Date.now() + 5000));
      const connection = { authenticator: credsAuthenticator(Buffer.from(account.credentials())) };
      await using executor = new ClusterExecutor({ servers: server.url, connection });
      const worker = startWorker(['-s', server.url, '--creds', file]);
      const task = executor.submit(tasks.gate, { directory: directory.path, name: 'a' });
      await worker.logged('started');
      assert.match((await worker.logged('locked-out')).message, /credentials expired at .*renew its credentials/);
      directory.write('release-a', '');
      directory.write('creds', account.credentials());
      await worker.logged('reconnected');
      assert.equal(await task, 'a');
      worker.child.kill('SIGTERM');
      assert.equal((await worker.ended).code, 0);
    } finally {
      await server.stop();
    }
  });
});
