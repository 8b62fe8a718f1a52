import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startServer } from '../cluster/nats-server.js';
import { describe, it } from './bounded-test.js';
import { startWorker } from './cluster.js';
import { temporaryDirectory } from './command.js';

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const textOf = (file: string): string => readFileSync(`${deploy}${file}`, 'utf8');

const unit = textOf('systemd/futures-worker@.service');
const manifest = textOf('kubernetes/worker.yaml');

/** What each file gives to the worker, and how long it lets it end, in seconds. */
const services = {
  systemd: {
    args: `${/^ExecStart=.* worker (.*)$/m.exec(unit)?.[1]}`
      .replace('$OPTIONS', `${/^OPTIONS=(.*)$/m.exec(textOf('systemd/example.env'))?.[1]}`)
      .split(' '),
    stopSeconds: Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]),
  },
  kubernetes: {
    args: [...manifest.matchAll(/^ +- (--.*)$/gm)].map(([, arg]) => arg as string),
    stopSeconds: Number(/terminationGracePeriodSeconds: (\d+)$/m.exec(manifest)?.[1]),
  },
};

describe('the files of deploy/', () => {
  for (const [name, { args, stopSeconds }] of Object.entries(services)) {
    it(`start a worker that ends in the time that it is given (${name})`, async () => {
      using directory = temporaryDirectory();
      const key = directory.write('key', 'a secret of all machines');
      const server = await startServer();
      try {
        const values = { '${SERVERS}': server.url, '$(SERVERS)': server.url, '%i': 'images', '$(QUEUE)': 'images' };
        const paths = { '%d/key': key, '/etc/futures-worker/key': key, '0.0.0.0:8080': '0', '8080': '0' };
        const given = args.map((arg) =>
          Object.entries({ ...values, ...paths }).reduce((text, [from, to]) => text.replace(from, to), arg),
        );
        const worker = startWorker(given);
        await worker.logged('health');
        await worker.logged('started');
        const graceSeconds = Number(/--grace[ =](\d+)s/.exec(args.join(' '))?.[1]);
        assert.ok(graceSeconds + 10 <= stopSeconds, `${graceSeconds} s of ${stopSeconds}`);
        worker.child.kill('SIGTERM');
        assert.equal((await worker.ended).code, 0);
      } finally {
        await server.stop();
      }
    });
  }
});
