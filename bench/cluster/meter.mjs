/** What a broker has done between two looks, by its monitoring address and the kernel. */

import { readFileSync } from 'node:fs';

/** Linux counts in hundredths of a second. */
const tickMs = 10;

export class Meter {
  #broker;

  constructor(broker) {
    this.#broker = broker;
  }

  /** What it has done since it was started. */
  async look() {
    const { monitor, pid } = this.#broker;
    const [varz, jsz] = await Promise.all([answer(`${monitor}/varz`), answer(`${monitor}/jsz?streams=true`)]);
    const streams = jsz.account_details?.[0]?.stream_detail ?? [];
    const tasks = streams.find(({ name }) => name.endsWith('_TASKS'))?.state;
    return {
      at: performance.now(),
      cpuMs: cpuMsOf(pid),
      messagesIn: varz.in_msgs,
      messagesOut: varz.out_msgs,
      bytesIn: varz.in_bytes,
      bytesOut: varz.out_bytes,
      requests: jsz.api.total,
      /** Batches that were ever stored. */
      batches: tasks?.last_seq ?? 0,
      storedBytes: streams.reduce((sum, { state }) => sum + state.bytes, 0),
      connections: varz.connections,
      memoryBytes: varz.mem,
    };
  }

  /** What `run` made it do: the difference of each count, and of what is not counted the last. */
  async during(run) {
    const before = await this.look();
    const value = await run();
    const after = await this.look();
    const spent = (name) => after[name] - before[name];
    return {
      value,
      seconds: spent('at') / 1000,
      cpuMs: spent('cpuMs'),
      messages: spent('messagesIn') + spent('messagesOut'),
      bytes: spent('bytesIn') + spent('bytesOut'),
      batches: spent('batches'),
      connections: after.connections,
      memoryBytes: after.memoryBytes,
      storedBytes: after.storedBytes,
    };
  }
}

/** The processor's time that a process has taken. */
export function cpuMsOf(pid) {
  // The name, in brackets, may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

export function memoryBytesOf(pid) {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(kilobytes) * 1024;
}

async function answer(address) {
  const response = await fetch(address, { signal: AbortSignal.timeout(10_000) });
  return response.json();
}
