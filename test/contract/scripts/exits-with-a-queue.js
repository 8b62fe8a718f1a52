// Ends with many more tasks than workers: all of them run.
import { printLater } from '../fixtures/printing.js';
import { make } from './script.js';

const executor = make();
for (let index = 0; index < 20; index++) executor.submit(printLater, 'apple');
