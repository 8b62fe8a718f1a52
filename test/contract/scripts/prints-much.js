// Ends right after a task that prints far more than a stream holds.
import { printLines } from '../fixtures/printing.js';
import { make } from './script.js';

make().submit(printLines, 20_000);
