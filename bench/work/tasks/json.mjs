import { readFileSync } from 'node:fs';

/** Everything that the file says. */
export function parseFile(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** The same file, of which only a few figures are of interest. */
export function summarizeFile(path) {
  const sums = { orders: 0, items: 0, total: 0 };
  for (const { items } of parseFile(path)) {
    sums.orders += 1;
    for (const { quantity, price } of items) {
      sums.items += quantity;
      sums.total += quantity * price;
    }
  }
  return sums;
}
