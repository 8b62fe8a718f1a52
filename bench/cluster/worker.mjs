/** A worker in a process of its own: `worker.mjs <contender> <address>`. Says `ready`; ends with its standard input. Ours drains at SIGTERM. */

const [contender, address] = process.argv.slice(2);
const workers = { ours, plain, guarded, bullmq };
await workers[contender](address);
console.log('ready');
process.stdin.on('end', () => process.exit()).resume();

async function ours(servers) {
  const { ThreadPoolExecutor } = await import('concurrent-futures');
  const { ClusterWorker } = await import('concurrent-futures/cluster');
  const worker = await ClusterWorker.start({ servers, executor: new ThreadPoolExecutor({ maxWorkers: 1 }) });
  process.on('SIGTERM', () => void worker.drain().then(() => process.exit()));
}

/** One task a message, durable both ways: the outcome is stored before the task is acknowledged. */
async function plain(servers) {
  const { connect } = await import('@nats-io/transport-node');
  const { jetstream } = await import('@nats-io/jetstream');
  const { increment } = await import('./tasks.mjs');
  const js = jetstream(await connect({ servers }));
  const consumer = await js.consumers.get('PLAIN_TASKS', 'workers');
  await consumer.consume({
    max_messages: 256,
    callback: async (message) => {
      const { id, n } = message.json();
      await js.publish(`plain.res.${id}`, JSON.stringify({ id, value: increment(n) }));
      message.ack();
    },
  });
}

/** An outcome is stored only as the first of its task, and for each task that has come one more is asked for: nothing is given out ahead. */
async function guarded(servers) {
  const { connect, createInbox } = await import('@nats-io/transport-node');
  const { jetstream } = await import('@nats-io/jetstream');
  const { increment } = await import('./tasks.mjs');
  const connection = await connect({ servers });
  const js = jetstream(connection);
  const inbox = createInbox();
  const ask = (batch) =>
    connection.publish(
      '$JS.API.CONSUMER.MSG.NEXT.PLAIN_TASKS.workers',
      JSON.stringify({ batch, expires: 600_000_000_000 }),
      { reply: inbox },
    );
  connection.subscribe(inbox, {
    callback: async (_error, message) => {
      ask(1);
      const { id, n } = message.json();
      const outcome = JSON.stringify({ id, value: increment(n) });
      await js.publish(`plain.res.${id}`, outcome, { expect: { lastSubjectSequence: 0 } });
      message.respond('+ACK');
    },
  });
  ask(256);
}

async function bullmq(url) {
  const { Worker } = await import('bullmq');
  const { increment } = await import('./tasks.mjs');
  const { port } = new URL(url);
  const worker = new Worker('bench', async ({ data }) => increment(data.n), {
    connection: { host: '127.0.0.1', port: Number(port) },
    concurrency: 256,
  });
  await worker.waitUntilReady();
}
