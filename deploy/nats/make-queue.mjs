/**
 * Makes the streams of a queue, as the administrator of permissions.conf:
 *
 *   NATS_URL=tls://broker:4222 NATS_CA=/etc/nats/ca.pem ADMIN_PASSWORD=… node make-queue.mjs [queue]
 *
 * What is there already stays as it is.
 */

import { prepareQueue } from 'concurrent-futures/cluster';

const { NATS_URL = 'nats://127.0.0.1:4222', NATS_CA, ADMIN_PASSWORD } = process.env;
const queue = process.argv[2] ?? 'default';

await prepareQueue({
  servers: NATS_URL,
  queue,
  connection: {
    user: 'admin',
    pass: ADMIN_PASSWORD,
    inboxPrefix: '_INBOX.admin',
    ...(NATS_CA === undefined ? {} : { tls: { caFile: NATS_CA } }),
  },
});
console.log(`queue ${queue} is ready`);
