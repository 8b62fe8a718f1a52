/** The main entry point as it is built: the public names, and what other entry points share with it. */

export * from './index.js';
export * as internals from './internals.js';
