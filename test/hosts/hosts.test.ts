/** Workers, submitters and brokers on several hosts, between which packets are lost; `npm run hosts` plays longer scenes, and more of them. */

import { test } from 'node:test';
import { serverHindrance } from '../cluster/nats-server.js';
import { hostsHindrance } from './hosts.js';
import { brokerCutOff, leaderKilled, type Size, submitterKilled, workerCutOff } from './scenes.js';

const options = { skip: serverHindrance() || hostsHindrance(), timeout: 120_000 };
const small: Size = { tasks: 60, taskMs: 50, cutMs: 500 };

test(
  'what a worker ran that is cut off is run by another, has one outcome, and the worker works again afterwards',
  options,
  async (t) => {
    t.diagnostic(await workerCutOff(small));
  },
);

test('a submitter that was cut off, and killed, is taken over from another host', options, async (t) => {
  t.diagnostic(await submitterKilled(small));
});

test('a broker of three that is killed while it leads costs no task', options, async (t) => {
  t.diagnostic(await leaderKilled({ ...small, tasks: 150 }));
});

test('a broker of three that is cut off from the others keeps no outcome from its clients', options, async (t) => {
  t.diagnostic(await brokerCutOff({ ...small, tasks: 150, cutMs: 10_000 }));
});
