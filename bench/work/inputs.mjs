/** What the tasks work on: files of this machine, images and JSON files that are made here. The same ones every time. */

import { accessSync, constants, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const nodeModules = fileURLToPath(new URL('../../node_modules/', import.meta.url));

/** Paths of files below the folders of that size and ending, in the order of their names, up to so many bytes together. */
export function filesBelow(folders, { ending = '', minBytes, maxBytes, totalBytes }) {
  const taken = [];
  let bytes = 0;
  for (const path of folders.flatMap((folder) => pathsBelow(folder, ending))) {
    const { size } = statSync(path);
    if (size < minBytes || size > maxBytes || !isReadable(path)) continue;
    if (bytes + size > totalBytes) break;
    bytes += size;
    taken.push(path);
  }
  return taken;
}

function isReadable(path) {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    // Some files of /usr are for root alone.
    return false;
  }
}

function pathsBelow(folder, ending) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** RGBA images with edges, gradients and noise. */
export function images(count, width, height) {
  return Array.from({ length: count }, (_, i) => ({ width, height, pixels: pixelsOf(width, height, i + 1) }));
}

function pixelsOf(width, height, seed) {
  const pixels = new Uint8Array(width * height * 4);
  let noise = seed;
  for (let at = 0; at < pixels.length; at += 4) {
    noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) >>> 0;
    const x = (at >> 2) % width;
    pixels[at] = (x >> 5) % 2 === 0 ? 220 : 30;
    pixels[at + 1] = (at * 7) >> 12;
    pixels[at + 2] = noise >>> 24;
    pixels[at + 3] = 255;
  }
  return pixels;
}

/** Writes files of orders into the folder, the first of the first size and so on. */
export function jsonFiles(folder, megabytes) {
  return megabytes.map((size, i) => {
    const path = join(folder, `orders-${i}.json`);
    writeFileSync(path, `[${ordersOf(size * 1e6, i).join(',\n')}]`);
    return path;
  });
}

function ordersOf(bytes, seed) {
  const orders = [];
  let length = 0;
  for (let n = seed * 1_000_000; length < bytes; n++) {
    const items = Array.from({ length: 1 + (n % 5) }, (_, i) => ({
      article: `article ${(n * 31 + i * 17) % 9973}`,
      quantity: 1 + ((n + i) % 9),
      price: ((n * 37 + i * 101) % 10_000) / 100,
    }));
    const text = JSON.stringify({
      id: n,
      customer: { name: `customer ${n % 5003}`, tags: ['new', `group ${n % 12}`], active: n % 3 === 0 },
      note: n % 4 === 0 ? null : `to be delivered before "${n % 24} o'clock"`,
      items,
    });
    orders.push(text);
    length += text.length + 2;
  }
  return orders;
}

/** So many ranges of equal length that cover the numbers below `end`. */
export function ranges(end, count) {
  const edge = (i) => Math.floor((end * i) / count);
  return Array.from({ length: count }, (_, i) => ({ from: edge(i), to: edge(i + 1) }));
}
