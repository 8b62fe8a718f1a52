/** TypeScript on a Node that does not strip types itself, through the user's tsx. Runs where the tasks will run. */

/** Where tsx's two loaders are: plain data, since it is sent to workers. */
export interface TypeScriptLoader {
  readonly esmUrl: string;
  readonly commonJsUrl: string;
}

/**
 * Makes this thread or process load TypeScript from now on.
 *
 * `--import tsx` in a worker's `execArgv` would not do: Node 20 ignores it in threads that start from text, as this
 * library's do, and tsx registers itself in main threads only there. Both loaders are needed: without the CommonJS one,
 * tsx on Node 20 fails on a `.ts` file in a package without `"type": "module"`.
 */
export async function registerTypeScript({ esmUrl, commonJsUrl }: TypeScriptLoader): Promise<void> {
  for (const url of [commonJsUrl, esmUrl]) ((await import(url)) as { register(): unknown }).register();
}
