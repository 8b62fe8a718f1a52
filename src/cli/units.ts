/** Amounts, as people write them. */

const unitBytes: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** `1073741824`, `512M`, `1.5GiB` → bytes; `undefined` for anything else, and for less than one. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) *([kmgt]?)(?:i?b)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const bytes = Math.round(Number(match[1]) * (unitBytes[(match[2] as string).toLowerCase()] as number));
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** `5` → `{ count: 5 }`, `2.5%` → `{ share: 0.025 }`. */
export type Limit = { readonly count: number } | { readonly share: number };

/** A whole number from 0, or a percentage above 0; `undefined` for anything else. */
export function parseLimit(text: string): Limit | undefined {
  const match = /^(\d+(?:\.\d+)?) *(%?)$/.exec(text.trim());
  if (match === null) return undefined;
  const value = Number(match[1]);
  if (match[2] === '%') return value > 0 ? { share: value / 100 } : undefined;
  return Number.isSafeInteger(value) ? { count: value } : undefined;
}
