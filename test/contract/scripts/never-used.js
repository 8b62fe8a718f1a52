import { make } from './script.js';

const executor = make({ minWorkers: 2 });
console.log(executor.stats().queued);
