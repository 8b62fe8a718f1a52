/** workerpool's kind of worker file: it registers the task under a name, which is the fastest way that it has. */

import workerpool from 'workerpool';
import { increment } from './tasks.mjs';

workerpool.worker({ increment });
