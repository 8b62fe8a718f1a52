/** What tells whether a file of inputs is still the one of an earlier run. */

import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { matchedFiles } from '../inputs/matched-files.js';
import type { InputChoice } from '../inputs/open-inputs.js';
import { fileProblem, UsageError } from '../usage-error.js';

/** Of a file's bytes, or of the list of inputs or of files that match; `undefined` for standard input, which can't be read twice. */
export async function inputsDigest(choice: InputChoice): Promise<string | undefined> {
  const hash = createHash('sha256');
  switch (choice.kind) {
    case 'stdin':
      return undefined;
    case 'arguments':
      return hash.update(JSON.stringify(choice.values)).digest('hex');
    case 'glob':
      return hash.update(JSON.stringify(await matchedFiles(choice.patterns))).digest('hex');
    case 'file':
      // A pipe is read once, by the run.
      if (!statSync(choice.path, { throwIfNoEntry: false })?.isFile()) return undefined;
      try {
        for await (const chunk of createReadStream(choice.path)) hash.update(chunk as Uint8Array);
      } catch (error) {
        throw new UsageError(`can't read the inputs in ${choice.path}: ${fileProblem(error)}`);
      }
      return hash.digest('hex');
    default:
      return choice satisfies never;
  }
}
