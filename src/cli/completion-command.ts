/** `futures completion`: a script for the user's shell. */

import type { Command } from 'commander';
import { bashScript } from './completion/bash.js';
import { fishScript } from './completion/fish.js';
import { type Grammar, grammarOf } from './completion/grammar.js';
import { zshScript } from './completion/zsh.js';
import { exitCodes } from './exit-codes.js';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

const scripts: Readonly<Record<Shell, (grammar: Grammar) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Prints what the shell has to source, and gives the exit code. */
export async function printCompletion(shell: Shell, program: Command): Promise<number> {
  const text = scripts[shell](grammarOf(program));
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
  return exitCodes.succeeded;
}
