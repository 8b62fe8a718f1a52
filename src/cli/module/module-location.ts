/** `module#export` → which module, which export. */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ThreadPoolExecutor } from 'concurrent-futures';
import { didYouMean } from '../nearest.js';
import { UsageError } from '../usage-error.js';
import { workerTasks } from '../worker-tasks.js';

const moduleExtensions: readonly string[] = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'];

export interface ModuleLocation {
  /** What the user wrote for it, for messages. */
  readonly text: string;
  /** Where it is: a `file:` URL, or `node:` and a name. */
  readonly url: string;
  /** Which of its exports to call, where the user said so. */
  readonly exportName: string | undefined;
}

/** Finds the module; throws a {@link UsageError} where there is none. */
export async function locateModule(reference: string, cwd: string): Promise<ModuleLocation> {
  const { text, exportName } = splitReference(reference, cwd);
  if (/^file:/i.test(text)) return { text, url: fileUrl(text), exportName };
  const path = resolve(cwd, text);
  if (isPath(text) || existsSync(path)) return { text, url: pathToFileURL(checkedFile(text, path)).href, exportName };
  return { text, url: await packageUrl(text, path, cwd), exportName };
}

/** The export follows the last `#`, unless that belongs to the name of an existing file. */
function splitReference(reference: string, cwd: string): { text: string; exportName: string | undefined } {
  const hash = reference.lastIndexOf('#');
  if (reference !== '' && (hash === -1 || existsSync(resolve(cwd, reference))))
    return { text: reference, exportName: undefined };
  const text = reference.slice(0, Math.max(0, hash));
  const exportName = reference.slice(hash + 1);
  if (text === '' || exportName === '') {
    throw new UsageError(
      `"${reference}" names no ${text === '' ? 'module' : 'export'}: write module#export, for example ./tasks.js#resize`,
    );
  }
  return { text, exportName };
}

function isPath(text: string): boolean {
  return /^\.{0,2}[/\\]/.test(text) || /^[a-z]:[/\\]/i.test(text) || text === '.' || text === '..';
}

function fileUrl(text: string): string {
  let path: string;
  try {
    path = fileURLToPath(text);
  } catch {
    throw new UsageError(`${text} is not a file URL of this computer`);
  }
  checkedFile(text, path);
  return new URL(text).href;
}

function checkedFile(text: string, path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError(`there is no module ${text}${similarFile(path)}`);
  if (stats.isDirectory()) throw new UsageError(`${text} is a directory: name one of its files`);
  return path;
}

/** A file beside it with nearly that name, or with that name and an extension. */
function similarFile(path: string): string {
  const directory = dirname(path);
  if (!existsSync(directory)) return '';
  const wanted = path.slice(directory.length + 1);
  const modules = readdirSync(directory).filter((file) => moduleExtensions.includes(extname(file)));
  const extended = modules.find((file) => file.startsWith(`${wanted}.`));
  return extended === undefined ? didYouMean(wanted, modules) : ` (did you mean "${extended}"?)`;
}

async function packageUrl(specifier: string, path: string, cwd: string): Promise<string> {
  if (/^(?:https?|data):/i.test(specifier)) {
    throw new UsageError(
      `${specifier} is not a file, a file: URL or a package: modules are loaded from this computer only`,
    );
  }
  const found = await resolvedFrom(specifier, pathToFileURL(resolve(cwd, 'noname.js')).href);
  if (found.kind === 'found') return found.url;
  const noSuch = /^Error: Cannot find package|ERR_MODULE_NOT_FOUND|Cannot find module/.test(found.problem);
  const looked = `there is no file ${specifier}${similarFile(path)}, and no package of that name is installed here`;
  throw new UsageError(noSuch ? looked : `can't load the package ${specifier}: ${found.problem}`);
}

async function resolvedFrom(specifier: string, parentUrl: string) {
  const { resolvePackage } = workerTasks();
  const executor = new ThreadPoolExecutor({ maxWorkers: 1, execArgv: ['--experimental-import-meta-resolve'] });
  try {
    return await executor.submit(resolvePackage, specifier, parentUrl);
  } finally {
    await executor.shutdown();
  }
}
