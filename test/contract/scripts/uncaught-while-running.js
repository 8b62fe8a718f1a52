// The program fails while a task is pending: it ends with the error, not later.
import { printLater } from '../fixtures/printing.js';
import { make } from './script.js';

make().submit(printLater, 'apple');
throw new RangeError('the program failed');
