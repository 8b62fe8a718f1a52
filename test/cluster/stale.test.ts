/** A submitter that asks a broker which has not got yet what others have. */

import { equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { ClusterExecutor } from 'concurrent-futures/cluster';
import { Line, type Rule } from './line.js';
import { ClusterScene } from './scene.js';

/** Says at first that nothing is stored for a consumer. */
function staleAnswers(count: number): Rule & { left: number } {
  const rule = Object.assign(
    (...[direction, { op, payload, bytes }]: Parameters<Rule>) => {
      if (rule.left === 0 || direction !== 'to client' || op !== 'MSG') return bytes;
      if (!/"num_pending":[1-9]/.test(payload.toString('latin1'))) return bytes;
      rule.left -= 1;
      return Buffer.from(bytes.toString('latin1').replace(/("num_pending":)[1-9]/, '$10'), 'latin1');
    },
    { left: count },
  );
  return rule;
}

/** Every task has its outcome stored. */
async function allDone({ server }: ClusterScene): Promise<void> {
  const connection = await connect({ servers: server.url });
  const { streams } = await jetstreamManager(connection);
  let left = 1;
  while (left > 0) left = (await streams.info('CF_default_TASKS')).state.messages;
  await connection.close();
}

describe('attach', { timeout: 60_000 }, () => {
  test('misses no outcome that a broker has not got yet', async () => {
    await using scene = await ClusterScene.start();
    await scene.worker();
    const first = scene.submitter('daily');
    await first.line('sent');
    first.kill('SIGSTOP');
    scene.open();
    await allDone(scene);
    first.kill('SIGKILL');
    await first.ended;
    const rule = staleAnswers(2);
    using line = await Line.start(scene.server.port, rule);
    const second = scene.keep(await ClusterExecutor.attach({ servers: line.url, name: 'daily' }));
    equal(rule.left, 0);
    equal(second.attached.length, 5);
  });
});
