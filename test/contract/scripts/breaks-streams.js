// A task replaces its worker's streams; the program ends by itself, or by `shutdown`.
import { breakStreams } from '../fixtures/printing.js';
import { make } from './script.js';

const executor = make();
await executor.submit(breakStreams);
if (process.argv[3] === 'shutdown') await executor.shutdown();
