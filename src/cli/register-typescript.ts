/** TypeScript on a Node that does not strip types itself, through the user's tsx. Runs where the tasks will run. */

import { createRequire } from 'node:module';

/** Paths of tsx's two loaders, plain data, since it is sent to workers. */
export interface TypeScriptLoader {
  readonly esm: string;
  readonly commonJs: string;
}

/**
 * Makes this thread or process load TypeScript from now on.
 *
 * `--import tsx` in a worker's `execArgv` would not do: Node 20 ignores it in threads that start from text, as this
 * library's do, and tsx registers itself in main threads only there. Both loaders are needed: without the CommonJS one,
 * tsx on Node 20 fails on a `.ts` file in a package without `"type": "module"`.
 */
export function registerTypeScript({ esm, commonJs }: TypeScriptLoader): void {
  const require = createRequire(commonJs);
  for (const path of [commonJs, esm]) (require(path) as { register(): unknown }).register();
}
