// Shuts down right after a task that prints far more than a pipe holds.
import { printLines } from '../fixtures/printing.js';
import { make } from './script.js';

const executor = make();
await executor.submit(printLines, 20_000);
console.error('answered');
await executor.shutdown();
