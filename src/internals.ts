/**
 * What entry points beside the main one share with it: each of these has state, or a class that is asked for by identity. Not public.
 */

export { Executor, poolOf } from './executors/executor.js';
export { checkNames, defaultTaskSettings, duration, limit, wholeNumber } from './executors/options.js';
export { FunctionHandle } from './functions/handle.js';
export { Future, failureOf, observe } from './future/future.js';
export { atSite } from './pool/site.js';
export { Task } from './pool/task.js';
export { errorOf, RelayedError } from './pool/task-errors.js';
export { UnobservedFailures } from './pool/unobserved.js';
