/** The cells of the fault matrix that are about inline executors. */

import { matrix } from './matrix.js';

matrix('inline');
