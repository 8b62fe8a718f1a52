/** Gives this test process a temporary folder of its own, so that files left behind can be seen. Import it first. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Holds everything of this test process; removed when it ends. */
export const root: string = mkdtempSync(join(tmpdir(), 'contract-'));
/** What the library sees as the system's temporary folder. */
export const libraryTmp: string = mkdtempSync(join(root, 'tmp-'));

process.env['TMPDIR'] = libraryTmp;
process.on('exit', () => rmSync(root, { recursive: true, force: true }));
