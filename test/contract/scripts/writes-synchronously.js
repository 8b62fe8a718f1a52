// Writes synchronously to a pipe that a worker had, too, far more than it holds.
import { writeSync } from 'node:fs';
import { pow } from '../fixtures/tasks.js';
import { make } from './script.js';

const executor = make();
await executor.submit(pow, 2, 8);
await executor.shutdown();
console.error('shut down');
for (let line = 0; line < 20_000; line++) writeSync(1, `line ${line}\n`);
