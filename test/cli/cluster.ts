/** Workers of a cluster as a user starts them, and what they say. */

import type { TestServer } from '../cluster/nats-server.js';
import { type Running, type StartOptions, start, until } from './command.js';

/** A line of a worker's log. */
export interface Entry {
  readonly time: string;
  readonly level: 'info' | 'warn' | 'error';
  readonly event: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface RunningWorker extends Running {
  /** What it has logged so far; text that is no JSON is a test's failure. */
  log(): Entry[];
  /** Resolves with the first entry of that event. */
  logged(event: string): Promise<Entry>;
}

export function startWorker(args: readonly string[], options: StartOptions = {}): RunningWorker {
  const running = start(['worker', ...args], { stdin: '', ...options });
  let text = '';
  running.child.stderr?.on('data', (piece: string) => {
    text += piece;
  });
  const log = (): Entry[] => entries(text.slice(0, text.lastIndexOf('\n') + 1));
  const first = (event: string): Entry | undefined => log().find((each) => each.event === event);
  const logged = async (event: string): Promise<Entry> => {
    await running.seen('stderr', `"event":"${event}"`);
    await until(() => first(event) !== undefined);
    return first(event) as Entry;
  };
  return { ...running, log, logged };
}

export function entries(text: string): Entry[] {
  return text
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Entry);
}

let queues = 0;

/** A queue that no other test has, as options of the command and of the library. */
export function newQueue(server: TestServer): {
  readonly args: string[];
  readonly options: { servers: string; queue: string };
} {
  queues += 1;
  const queue = `cli-${queues}`;
  return { args: ['--servers', server.url, '--queue', queue], options: { servers: server.url, queue } };
}
