/** Numbers, as the page writes them. */

/** `1,234,567`. */
export function wholeNumber(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 task`, `1,234 tasks`. */
export function plural(count: number, noun: string): string {
  return `${wholeNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** From 0 to 1 → `87 %`; never 0 or 100 for what is not. */
export function shareText(share: number): string {
  const percent = Math.round(share * 100);
  if (percent === 0 && share > 0) return '< 1 %';
  return percent === 100 && share < 1 ? '> 99 %' : `${percent} %`;
}
