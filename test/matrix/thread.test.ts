/** The cells of the fault matrix that are about threads. */

import { matrix } from './matrix.js';

matrix('thread');
