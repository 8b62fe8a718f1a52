/** The cells of the fault matrix that are about processes. */

import { matrix } from './matrix.js';

matrix('process');
