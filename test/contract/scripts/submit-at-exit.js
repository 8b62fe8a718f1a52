// Nothing can run any more when the process exits; submit may refuse, and nothing may hang.
import { pow } from '../fixtures/tasks.js';
import { make } from './script.js';

const executor = make();
await executor.submit(pow, 2, 2);
process.on('exit', () => {
  try {
    executor.submit(pow, 2, 3);
  } catch (error) {
    console.log(/** @type {{ code: string }} */ (error).code);
    return;
  }
  console.log('taken');
});
