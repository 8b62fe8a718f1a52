/** Where a thread worker starts. */

import { openSync } from 'node:fs';
import { devNull } from 'node:os';
import { workerData } from 'node:worker_threads';
import { withTypeScript } from '../functions/typescript.js';
import { SharedClaims } from '../protocol/claims.js';
import type { ToWorker } from '../protocol/messages.js';
import { bellMessage, OutcomeRing } from '../protocol/outcomes.js';
import { LifeWords, MailWords, PoolWords, type ThreadData, threadDataKey } from '../protocol/thread-data.js';
import { setWorkerScope } from './current.js';
import { flushPrints, watchPrints } from './flush-prints.js';
import { IsolateScope } from './isolate-scope.js';
import { watchLeftOvers } from './left-overs.js';
import { LookOut } from './look-out.js';
import { Runtime } from './runtime.js';

const data = (workerData as Record<string, ThreadData>)[threadDataKey] as ThreadData;
const pool = new PoolWords(data.pool);
const outcomes = new OutcomeRing(data.outcomes);
const life = new LifeWords(data.life);
life.descriptor = openSync(devNull, 'r');
process.on('exit', (code) => {
  life.exitCode = code;
  pool.stir();
});

watchPrints();
const drop: typeof process.stdout.write = (_chunk: unknown, ...rest: unknown[]) => {
  const callback = rest.at(-1);
  if (typeof callback === 'function') process.nextTick(callback);
  return true;
};
if (data.stderr) process.stderr.write = drop;
if (data.stdout === 'stderr') process.stdout.write = process.stderr.write.bind(process.stderr);
else if (data.stdout) process.stdout.write = drop;

/** The task that has reported last: its outcome goes the way of its reports, or it would overtake them. */
let reportedSeq = -1;
const scope = new IsolateScope();
setWorkerScope(scope);
const runtime = new Runtime(
  {
    claimant: new SharedClaims(data.claims),
    send(message, moved) {
      if (message.kind === 'report') reportedSeq = message.seq;
      const isSmall = message.kind === 'done' && message.seq !== reportedSeq;
      if (isSmall && outcomes.write(message.seq, message.value, message.ms)) {
        if (outcomes.ring()) data.port.postMessage(bellMessage);
      } else data.port.postMessage(message, moved);
      pool.stir();
    },
    flushPrints,
    begin: (message) => scope.begin(message),
    copy: structuredClone,
    importModule: withTypeScript((url) => import(url) as Promise<Record<string, unknown>>),
    localFunction: () => undefined,
    runAs: (task, fn, args, isTracked) => scope.runAs(task, fn, args, isTracked),
    setUp: (start) => scope.setUp(start),
    residentBytes: () => 0,
    exit: () => process.exit(),
  },
  scope,
);
watchLeftOvers({
  running: () => runtime.running,
  owner: () => scope.owner,
  tell: (error) => runtime.tellLeftOver(error),
  tellDeath: (error) => runtime.tellDeath(error),
});
const lookOut = new LookOut<ToWorker>(
  data.port,
  { pool, mail: new MailWords(data.mail) },
  data.cores,
  (message) => runtime.receive(message),
  () => runtime.isIdle,
);
data.port.on('message', (message: ToWorker) => lookOut.onMessage(message));
