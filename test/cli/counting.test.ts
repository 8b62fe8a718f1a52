import assert from 'node:assert/strict';
import { describe } from 'node:test';
import fc from 'fast-check';
import { inputFormats, openInputs } from '../../src/cli/inputs/open-inputs.js';
import { it } from './bounded-test.js';
import { futures, temporaryDirectory } from './command.js';

describe('how many inputs a file holds', () => {
  it('is as many as are read, wherever it is told before', async () => {
    using directory = temporaryDirectory();
    const pieces = fc.constantFrom('a', '1', ' ', ',', '\t', 'long word', '"', '\n', '\n', '\r\n');
    let told = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...inputFormats), fc.array(pieces, { maxLength: 40 }), async (format, text) => {
        const path = directory.write('in', text.join(''));
        let read = 0;
        try {
          const { batches, total } = await openInputs({ kind: 'file', path, format });
          for (let next = await batches.next(); next.done !== true; next = await batches.next())
            read += next.value.length;
          if (total === undefined) return;
          told += 1;
          assert.equal(total, read);
        } catch (error) {
          // Reading could not go on: nobody knows how many there are.
          if ((error as Error).name !== 'InputError') throw error;
        }
      }),
      { numRuns: 1000 },
    );
    assert.ok(told > 300, `${told} of 1000 were told`);
  });

  it('is shown with the progress', async () => {
    using directory = temporaryDirectory();
    const path = directory.write('in.txt', 'a\nb\nc');
    const { stderr } = await futures(['map', './tasks.mjs#echo', '-i', path, '--progress', 'json', '-q']);
    const last = JSON.parse(stderr.trimEnd().split('\n').at(-1) as string) as { total: unknown };
    assert.equal(last.total, 3);
  });
});
