/** The main entry point as it is built: the public names, and, out of sight, what other entry points share with it. */

import { Executor } from './index.js';
import * as internals from './internals.js';

export * from './index.js';

/** Read by what scripts/build.mjs puts in the place of these modules in the other entry points. */
Object.defineProperty(Executor, Symbol.for('concurrent-futures.internals'), { value: internals });
