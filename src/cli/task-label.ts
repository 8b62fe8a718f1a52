/** What a task is called, in errors and while it runs. */

const charsMax = 60;

/** `#12 photo.jpg`: the input's index, and as much of it as fits a line. */
export function taskLabel(index: number, input: unknown): string {
  const text = (typeof input === 'string' ? input : (JSON.stringify(input) ?? String(input))).replaceAll(/\s+/g, ' ');
  // The end of a path tells more than its beginning.
  if (text.length <= charsMax) return `#${index} ${text}`;
  return typeof input === 'string'
    ? `#${index} …${text.slice(1 - charsMax)}`
    : `#${index} ${text.slice(0, charsMax - 1)}…`;
}
