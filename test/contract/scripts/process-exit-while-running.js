// The program ends by itself while tasks run: it ends at once, with its own code.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spin } from '../fixtures/tasks.js';
import { kind, make } from './script.js';

const dir = mkdtempSync(join(tmpdir(), 'contract-exit-'));
const executor = make();
executor.submit(spin, dir, 'task');
const timer = setInterval(() => {
  try {
    if (!readFileSync(join(dir, 'log'), 'utf8').includes('task started')) return;
  } catch {
    // The task has not written yet.
    return;
  }
  clearInterval(timer);
  if (kind === 'process') console.log(executor.stats().workers[0]?.systemId);
  rmSync(dir, { recursive: true });
  process.exit(3);
}, 2);
