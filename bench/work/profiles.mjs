/** The kinds of real work: a function of a module, and what it is called with. */

import { filesBelow, images, jsonFiles, nodeModules, ranges } from './inputs.mjs';

const jsonSizes = (quick) => (quick ? [0.5, 0.3, 0.7, 0.3] : [20, 5, 10, 15, 5, 10, 15, 10]);
const blurInputs = (_folder, quick) => (quick ? images(4, 512, 512) : images(12, 1536, 1024));
const image = { module: new URL('./tasks/image.mjs', import.meta.url).href, name: 'boxBlur', inputs: blurInputs };

/** `inputs(folder, quick)`: one per task, the same in every run; `folder` is an empty one for files. */
export const profiles = [
  {
    id: 'hash',
    title: 'Hashing files',
    text: 'SHA-256 of files of `node_modules`, `/usr/bin` and `/usr/lib` between 64 KB and 16 MB; the task gets a path, reads the file and returns the digest.',
    module: new URL('./tasks/hash.mjs', import.meta.url).href,
    name: 'sha256OfFile',
    inputs: (_folder, quick) => {
      const sizes = { minBytes: 65_536, maxBytes: 16e6, totalBytes: quick ? 40e6 : 1e9 };
      return filesBelow(quick ? [nodeModules] : [nodeModules, '/usr/bin', '/usr/lib'], sizes);
    },
  },
  {
    ...image,
    id: 'image-copied',
    title: 'Images, copied',
    text: 'A box blur of an RGBA image of 1.5 megapixels in pure JavaScript; 6.3 MB go in and 6.3 MB come out, copied both ways.',
  },
  {
    ...image,
    id: 'image-moved',
    title: 'Images, transferred',
    text: 'The same, with the buffers moved instead of copied: ours by `with({ transfer })` and `currentTask().transfer()`, piscina by `transferList` and `move`. A process gets copies.',
    moves: true,
    module: new URL('./tasks/image-moved.mjs', import.meta.url).href,
    piscinaModule: new URL('./tasks/image-piscina.mjs', import.meta.url).href,
  },
  {
    id: 'markdown',
    title: 'Rendering Markdown',
    text: 'The Markdown files of `node_modules` to HTML with marked; the task gets a path and returns the HTML. Many small tasks of unequal size.',
    module: new URL('./tasks/markdown.mjs', import.meta.url).href,
    name: 'renderFile',
    inputs: (_folder, quick) =>
      filesBelow([nodeModules], { ending: '.md', minBytes: 1000, maxBytes: 1e6, totalBytes: quick ? 3e5 : 100e6 }),
  },
  {
    id: 'json-summary',
    title: 'Parsing JSON, a summary returned',
    text: 'Files of 5 to 20 MB; the task gets a path, parses the file and returns three numbers.',
    module: new URL('./tasks/json.mjs', import.meta.url).href,
    name: 'summarizeFile',
    inputs: (folder, quick) => jsonFiles(folder, jsonSizes(quick)),
  },
  {
    id: 'json-whole',
    title: 'Parsing JSON, everything returned',
    text: 'The same files, but the task returns all that it parsed. Copying that costs the calling thread more than parsing it itself: **not a job for any pool**.',
    module: new URL('./tasks/json.mjs', import.meta.url).href,
    name: 'parseFile',
    inputs: (folder, quick) => jsonFiles(folder, jsonSizes(quick)),
  },
  {
    id: 'primes',
    title: 'Counting primes',
    text: 'How many primes there are below a number, by trial division, in ranges; nothing but arithmetic.',
    module: new URL('./tasks/primes.mjs', import.meta.url).href,
    name: 'countPrimes',
    inputs: (_folder, quick) => ranges(quick ? 600_000 : 8_000_000, 64),
  },
];
