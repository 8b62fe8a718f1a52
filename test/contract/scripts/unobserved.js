// A failure that nobody looked at is reported, also when nobody shuts the executor down properly.
import { fail } from '../fixtures/errors.js';
import { make } from './script.js';

const executor = make();
executor.submit(fail, 'nobody looks');
await executor.shutdown();
