// Uses the executor and never shuts it down: idle, it does not keep the process alive.
import { pow } from '../fixtures/tasks.js';
import { make } from './script.js';

const executor = make();
console.log(await executor.submit(pow, 2, 8));
