// Submits and ends: pending work keeps the process alive.
import { printLater } from '../fixtures/printing.js';
import { make } from './script.js';

make().submit(printLater, 'apple');
