/** A line that a task has printed, with the task's name before it. */

import { cutToWidth, harmless, harmlessLine } from '../screen-text.js';
import type { Terminal } from '../terminal.js';

const tagColumnsMax = 32;

/** `[#12 photo.jpg] text`. For files and pipes both are as they are: what reads them acts on no character. */
export function taggedLine({ isTerminal, colors }: Terminal, label: string, line: string): string {
  const name = harmless(label);
  if (!isTerminal) return `[${name}] ${line}`;
  return `${colors.dim(`[${cutToWidth(name, tagColumnsMax)}]`)} ${harmlessLine(line)}`;
}
