/** A program that is killed leaves no worker behind, not even one that spins and can't notice. */

import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('./scripts/spins.js', import.meta.url));

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function leavesNobody(execPath: string): Promise<void> {
  const program = spawn(process.execPath, [script, execPath], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pids: number[] = [];
  try {
    for await (const line of createInterface(program.stdout)) if (pids.push(Number(line)) === 2) break;
    program.kill('SIGKILL');
    await once(program, 'exit');
    // As long as it takes: the test's own limit says when it has taken too long.
    while (pids.some(isThere)) await delay(10);
  } finally {
    for (const pid of pids) if (isThere(pid)) process.kill(pid, 'SIGKILL');
  }
  assert.equal(pids.length, 2);
}

test('workers that spin end with a program that is killed', { timeout: 30_000 }, () => leavesNobody(process.execPath));

test('so do those of another executable, over which a thread of theirs watches', { timeout: 30_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'orphans-'));
  try {
    const node = join(folder, 'node');
    symlinkSync(process.execPath, node);
    await leavesNobody(node);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
