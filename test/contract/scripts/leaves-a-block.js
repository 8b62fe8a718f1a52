// Ends while its only worker is blocked by what a finished task has left behind.
import { blockAfterwards } from '../fixtures/printing.js';
import { make } from './script.js';

make({ maxWorkers: 1 }).submit(blockAfterwards);
