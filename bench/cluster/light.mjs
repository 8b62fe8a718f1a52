/** As many light workers as are wanted, in a few processes that end with this one. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const path = fileURLToPath(new URL('./light-workers.mjs', import.meta.url));
const perProcess = 250;

export class LightWorkers {
  #hosts = [];
  /** How long it took until all were connected. */
  startMs = 0;
  /** How often one could not connect, and tried again. */
  failedStarts = 0;

  /** Starts so many at once; resolves once all are connected. */
  static async start(count, options) {
    const light = new LightWorkers();
    const processes = Math.ceil(count / perProcess);
    light.#hosts = Array.from({ length: processes }, (_, n) => new Host(n));
    await Promise.all(light.#hosts.map((host) => host.ready));
    const share = (n) => Math.floor(count / processes) + (n < count % processes ? 1 : 0);
    const startedAt = performance.now();
    const said = await Promise.all(light.#hosts.map((host, n) => host.ask('start', { count: share(n), options })));
    light.startMs = performance.now() - startedAt;
    light.failedStarts = sum(said, 'failedStarts');
    return light;
  }

  /** `{ done, connected, cpuMs }`: tasks of each worker, how many are connected, and the processor's time of all together. */
  async say() {
    const said = await Promise.all(this.#hosts.map((host) => host.ask('say')));
    return {
      done: said.flatMap(({ done }) => done),
      connected: sum(said, 'connected'),
      cpuMs: sum(said, 'cpuMs'),
    };
  }

  async stop() {
    await Promise.all(this.#hosts.map((host) => host.stop()));
  }
}

const sum = (list, name) => list.reduce((total, each) => total + each[name], 0);

class Host {
  #child;
  #asked = new Map();
  #ids = 0;

  constructor(label) {
    this.#child = fork(path, [String(label)]);
    this.ready = once(this.#child, 'spawn');
    this.#child.on('message', ({ id, value, error }) => {
      const { resolve, reject } = this.#asked.get(id);
      this.#asked.delete(id);
      if (error === undefined) resolve(value);
      else reject(new Error(error));
    });
    this.#child.on('exit', (code, signal) => {
      for (const { reject } of this.#asked.values()) reject(new Error(`light workers ended: ${code ?? signal}`));
    });
  }

  ask(order, rest = {}) {
    this.#ids += 1;
    const id = this.#ids;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#child.send({ id, order, ...rest });
    });
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}
