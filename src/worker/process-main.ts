/** Where a process worker starts; its bootstrap hands `require` and `importModule` in. */

import { writeSync } from 'node:fs';
import { Socket, type SocketConstructorOpts } from 'node:net';
import { Worker } from 'node:worker_threads';
import { withTypeScript } from '../functions/typescript.js';
import { FileClaimant } from '../protocol/file-claims.js';
import { copyByFrame, encodeFrame, FrameReader, Unreadable } from '../protocol/frames.js';
import type { ToWorker } from '../protocol/messages.js';
import { bellMessage } from '../protocol/outcomes.js';
import { childFds, workerMark } from '../protocol/process-data.js';
import { setWorkerScope } from './current.js';
import { flushPrints, watchPrints } from './flush-prints.js';
import { IsolateScope } from './isolate-scope.js';
import { watchLeftOvers } from './left-overs.js';
import { Runtime } from './runtime.js';
import { Turning } from './turning.js';

declare const importModule: (url: string) => Promise<Record<string, unknown>>;
/** Whether nobody else ends this process when its parent dies. */
declare const watchesParent: boolean;

delete process.env[workerMark];
watchPrints();
// Ctrl-C goes to every process of a terminal's group. Whether it ends the work is the parent's decision, and when the parent
// ends, so do we.
process.on('SIGINT', () => {});
if (watchesParent) endWithParent();

const claimant = new FileClaimant(childFds.claims);
const bellFrame = encodeFrame(bellMessage);

/** The task that has reported last: its outcome goes the way of its reports, or it would overtake them. */
let reportedSeq = -1;
const scope = new IsolateScope();
setWorkerScope(scope);
const runtime = new Runtime(
  {
    claimant: {
      claim(seq, isLoading) {
        const isOurs = claimant.claim(seq, isLoading);
        // With this claim the outcome before it was written.
        if (claimant.ring()) writeFully(bellFrame);
        return isOurs;
      },
      loaded: () => claimant.loaded(),
    },
    send(message) {
      if (message.kind === 'report') reportedSeq = message.seq;
      const isSmall = message.kind === 'done' && message.seq !== reportedSeq;
      if (isSmall && claimant.answer(message.seq, message.value, message.ms)) return;
      writeFully(encodeFrame(message));
    },
    flush() {
      if (claimant.flush()) writeFully(bellFrame);
    },
    flushPrints,
    begin: (message) => scope.begin(message),
    copy: copyByFrame,
    importModule: withTypeScript(importModule),
    localFunction: () => undefined,
    runAs: (task, fn, args, isTracked) => scope.runAs(task, fn, args, isTracked),
    setUp: (start) => scope.setUp(start),
    residentBytes: () => process.memoryUsage.rss(),
    exit: () => flushPrints(() => process.exit()),
  },
  scope,
);

watchLeftOvers({
  running: () => runtime.running,
  owner: () => scope.owner,
  tell: (error) => runtime.tellLeftOver(error),
  tellDeath: (error) => runtime.tellDeath(error),
});
const turning = new Turning();
const frames = new FrameReader();
const commands = new Socket({
  fd: childFds.commands,
  readable: true,
  writable: false,
  // Into one buffer, past the machinery of streams, which would cost more than a tiny task.
  onread: {
    buffer: Buffer.allocUnsafeSlow(64 * 1024),
    callback(size: number, buffer: Buffer) {
      const chunk = Buffer.from(buffer.subarray(0, size));
      turning.onMessage();
      let isLone = false;
      for (const message of frames.push(chunk)) {
        if (message instanceof Unreadable) throw message.cause;
        const received = message as ToWorker;
        runtime.receive(received);
        isLone = received.kind === 'run' && received.isLone === true;
      }
      if (isLone && runtime.isIdle) turning.begin();
      return true;
    },
  },
} as SocketConstructorOpts);
commands.on('end', () => process.exit());
commands.on('error', () => process.exit());

function writeFully(frame: Buffer): void {
  for (let written = 0; written < frame.length; ) {
    try {
      // Node refuses to write 2 GiB at once.
      written += writeSync(childFds.answers, frame, written, Math.min(frame.length - written, 2 ** 30));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit();
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

/**
 * A task that spins keeps this thread from noticing that the parent is gone, so another thread looks. It asks who the
 * parent is instead of blocking on a pipe, since a thread in a blocking read can't be ended, and `process.exit()` would hang.
 */
function endWithParent(): void {
  const watch = new Worker(
    `const { workerData: parent } = require('node:worker_threads');
    const word = new Int32Array(new SharedArrayBuffer(4));
    const isGone = () => {
      if (process.ppid !== parent) return true;
      try { process.kill(parent, 0); } catch (error) { return error.code === 'ESRCH'; }
      return false;
    };
    while (!isGone()) Atomics.wait(word, 0, 0, 250);
    process.kill(process.pid, 'SIGKILL');`,
    {
      eval: true,
      workerData: process.ppid,
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
    },
  );
  watch.unref();
}
