/** The initializer of the command's workers. */

import { registerTypeScript, type TypeScriptLoader } from './describe-module.js';
import { capturePrints } from './prints/captured-prints.js';
import type { LogsFolder } from './prints/logs-folder.js';

export interface WorkerPreparation {
  /**
   * Ctrl-C in a terminal signals every process in it, and a service manager may signal all of a service's: process workers would die
   * just when the command lets their tasks finish. They end with the command, also when a second signal ends it at once.
   */
  readonly leavesSignalsToCommand: boolean;
  /** Where what tasks print is to go; `undefined` where it is left alone. */
  readonly prints: { readonly logs: LogsFolder | undefined } | undefined;
  /** What the user wants called first. */
  readonly init: InitFunction | undefined;
}

export interface InitFunction {
  /** `module#export`, as written. */
  readonly text: string;
  readonly url: string;
  readonly exportName: string;
  readonly loader: TypeScriptLoader | undefined;
}

/** What the user's function threw is its cause. */
export class InitError extends Error {}

export async function prepareWorker({ leavesSignalsToCommand, prints, init }: WorkerPreparation): Promise<void> {
  if (leavesSignalsToCommand) for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
  if (prints !== undefined) capturePrints(prints.logs);
  if (init !== undefined) await callInit(init);
}

async function callInit({ text, url, exportName, loader }: InitFunction): Promise<void> {
  try {
    await (await findInit({ url, exportName, loader }))();
  } catch (error) {
    const problem = error instanceof Error ? `${error.name}: ${error.message}` : `it threw ${String(error)}`;
    throw new InitError(`--init ${text} failed: ${problem}`, { cause: error });
  }
}

async function findInit({ url, exportName, loader }: Omit<InitFunction, 'text'>): Promise<() => unknown> {
  if (loader !== undefined) await registerTypeScript(loader);
  const namespace = (await import(url)) as Record<string, unknown>;
  const whole = namespace['default'] as Record<string, unknown> | undefined;
  // An export of a CommonJS module may only be seen through its default.
  const found = namespace[exportName] ?? whole?.[exportName];
  return found as () => unknown;
}
