import { printLater } from '../fixtures/printing.js';
import { make } from './script.js';

const executor = make();
executor.submit(printLater, 'apple');
await executor.shutdown({ wait: false });
