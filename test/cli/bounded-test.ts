/** Tests that end: each waits for other processes, and a suite's own `timeout` would bound all of its tests together. */

import * as test from 'node:test';

export const { describe } = test;

export function it(title: string, run: () => Promise<void>): void;
export function it(title: string, options: { readonly skip: string | false }, run: () => Promise<void>): void;
export function it(title: string, ...rest: readonly unknown[]): void {
  const run = rest.at(-1) as () => Promise<void>;
  const options = rest.length === 2 ? (rest[0] as { skip: string | false }) : {};
  test.it(title, { timeout: 90_000, ...options }, run);
}
