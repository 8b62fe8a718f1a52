/**
 * Where a function was defined, and what it closes over: the in-process inspector knows.
 *
 *   function ──hang on a built-in module's object──► Runtime.evaluate ──► Runtime.getProperties
 *       ──► [[FunctionLocation]]: script id, line, column
 *       ──► [[Scopes]] ──► Runtime.callFunctionOn hands the scope objects back
 *
 * A built-in module's object is the meeting place because it is the same in every `vm` context, which `globalThis` is
 * not (a test runner may give each test file a context of its own). Script ids get their URLs from the list that the profiler's
 * coverage gives (2 to 10 ms), once for each id that is new: nothing is counted for it. The debugger domain, which knows where in
 * a file a script begins, and its text, takes ten times as long to enable, since it hashes the text of all scripts.
 */

import type inspector from 'node:inspector';
import { createRequire } from 'node:module';

/** Where a function's source stands: zero-based line and column in the script as it was compiled. */
export interface FunctionLocation {
  readonly scriptId: string;
  /** `file:` URL for modules, `node:` for built-ins, else whatever the script was named; may be empty. */
  readonly url: string;
  readonly line: number;
  readonly column: number;
}

/** One enclosing scope, innermost first. `bindings` holds the very values, as they stand at this moment: it does not follow later assignments. */
export interface FunctionScope {
  readonly kind: 'local' | 'module' | 'script' | 'global';
  readonly bindings: Readonly<Record<string, unknown>>;
}

/** What a name stands for in a scope; `undefined` for one whose declaration has not run yet, at which newer engines throw. */
export function readBinding({ bindings }: Pick<FunctionScope, 'bindings'>, name: string): unknown {
  try {
    return bindings[name];
  } catch {
    // "Cannot access … from debugger"
    return undefined;
  }
}

export interface InspectedFunction {
  readonly location: FunctionLocation;
  readonly scopes: readonly FunctionScope[];
}

// biome-ignore lint/complexity/noBannedTypes: any callable at all is what is inspected
export type AnyFunction = Function;

const meetingKey = Symbol.for('concurrent-futures.inspected');
// `process.getBuiltinModule` came with Node 20.16; before it, only the main context can be looked into.
const meetingExpression =
  "(process.getBuiltinModule ? process.getBuiltinModule('node:inspector') : globalThis)[Symbol.for('concurrent-futures.inspected')]";

type Inspector = typeof import('node:inspector');

let loaded: { readonly api: Inspector; readonly meetingPlace: Record<symbol, unknown> } | undefined;

/** Loaded by the first function that is inspected: a program that never gets there need not pay its 3 ms. */
function load(): { readonly api: Inspector; readonly meetingPlace: Record<symbol, unknown> } {
  if (loaded === undefined) {
    const own = process.getBuiltinModule?.('node:inspector') as Inspector | undefined;
    const api = own ?? (createRequire(process.execPath)('node:inspector') as Inspector);
    loaded = { api, meetingPlace: (own ?? globalThis) as unknown as Record<symbol, unknown> };
  }
  return loaded;
}

/** What `bind` was given. */
export interface BoundFunction {
  readonly target: AnyFunction;
  readonly self: unknown;
  readonly args: readonly unknown[];
}

let session: inspector.Session | undefined;
interface ScriptPlace {
  readonly url: string;
  /** Where its text begins in what it was taken from, from 0: a loader may have put words in front. */
  readonly startLine: number;
  readonly startColumn: number;
}

const scripts = new Map<string, ScriptPlace>();

/** Inspects a function; `undefined` for native and bound functions, and where there is no inspector. */
export function inspect(fn: AnyFunction): InspectedFunction | undefined {
  try {
    return inspectFunction(fn);
  } catch (error) {
    // Text alone must do.
    fault = error;
    return undefined;
  }
}

let fault: unknown;

/** Why functions could not be inspected. */
export function inspectorFault(): string {
  if ((fault as { code?: unknown } | undefined)?.code !== 'ERR_ACCESS_DENIED') return 'this Node has no inspector';
  const allowed = process.allowedNodeEnvironmentFlags.has('--allow-inspector');
  return `the permission model forbids the inspector (${allowed ? 'start Node with --allow-inspector' : 'no flag of this Node allows it'})`;
}

/** Inspects a function; `undefined` for native and bound functions, which have no source. */
export function inspectFunction(fn: AnyFunction): InspectedFunction | undefined {
  return withInternals(fn, (internal) => {
    const location = internal('[[FunctionLocation]]')?.value as
      | { scriptId: string; lineNumber: number; columnNumber: number }
      | undefined;
    const scopesId = internal('[[Scopes]]')?.objectId;
    if (location === undefined || scopesId === undefined) return undefined;
    return {
      location: {
        scriptId: location.scriptId,
        url: scriptUrl(location.scriptId),
        line: location.lineNumber,
        column: location.columnNumber,
      },
      scopes: scopesBehind(scopesId),
    };
  });
}

/** What a bound function is made of; `undefined` for any other function. */
export function inspectBound(fn: AnyFunction): BoundFunction | undefined {
  return withInternals(fn, (internal) => {
    const target = internal('[[TargetFunction]]');
    if (target === undefined) return undefined;
    const parts = [target, internal('[[BoundThis]]'), internal('[[BoundArgs]]')].map(callArgument);
    const found: { bound?: BoundFunction } = {};
    meet(found, () =>
      post('Runtime.callFunctionOn', {
        objectId: target.objectId,
        functionDeclaration: `function (target, self, args) { ${meetingExpression}.bound = { target, self, args: Array.from(args) }; }`,
        arguments: parts,
      }),
    );
    return found.bound;
  });
}

type RemoteObject = inspector.Runtime.RemoteObject;

/** Calls `use` with a way to read a function's internal properties. */
function withInternals<T>(
  fn: AnyFunction,
  use: (internal: (name: string) => RemoteObject | undefined) => T,
): T | undefined {
  session ??= connect();
  try {
    const { result } = meet(fn, () =>
      post('Runtime.evaluate', { expression: meetingExpression, objectGroup: 'concurrent-futures' }),
    );
    const objectId = (result as { objectId?: string }).objectId;
    if (objectId === undefined) return undefined;
    const { internalProperties = [] } = post('Runtime.getProperties', { objectId, ownProperties: true });
    return use((name) => internalProperties.find((property) => property.name === name)?.value);
  } finally {
    post('Runtime.releaseObjectGroup', { objectGroup: 'concurrent-futures' });
  }
}

function callArgument(object: RemoteObject | undefined): inspector.Runtime.CallArgument {
  if (object?.objectId !== undefined) return { objectId: object.objectId };
  if (object?.unserializableValue !== undefined) return { unserializableValue: object.unserializableValue };
  return object?.type === 'undefined' ? {} : { value: object?.value as unknown };
}

/** The script's text as it was compiled: after a loader has rewritten it. */
export function scriptSource(scriptId: string): string {
  return withDebugger(() => post('Debugger.getScriptSource', { scriptId }).scriptSource);
}

function connect(): inspector.Session {
  const made = new (load().api.Session)();
  made.connect();
  made.on('Debugger.scriptParsed', ({ params: { scriptId, url, startLine, startColumn } }) =>
    scripts.set(scriptId, { url, startLine, startColumn }),
  );
  return made;
}

const urls = new Map<string, string>();

/** What a script was named; empty where that is not known. */
function scriptUrl(scriptId: string): string {
  if (!urls.has(scriptId) && !scripts.has(scriptId)) listUrls();
  return urls.get(scriptId) ?? scriptPlace(scriptId)?.url ?? '';
}

/** The domain stays enabled: disabling it would end the coverage that somebody else in this process may be taking. */
function listUrls(): void {
  // Node's own coverage must not be touched: it is ended by the end of any session in which this domain was enabled.
  if (process.env['NODE_V8_COVERAGE'] !== undefined) return;
  post('Profiler.enable', {});
  for (const { scriptId, url } of post('Profiler.getBestEffortCoverage', {}).result) urls.set(scriptId, url);
}

/** Where a script is from. */
export function scriptPlace(scriptId: string): ScriptPlace | undefined {
  if (!scripts.has(scriptId)) withDebugger(() => {});
  return scripts.get(scriptId);
}

function withDebugger<T>(use: () => T): T {
  post('Debugger.enable', {});
  try {
    return use();
  } finally {
    post('Debugger.disable', {});
  }
}

function scopesBehind(scopesId: string): FunctionScope[] {
  const found: { scopes?: { description: string; object: Record<string, unknown> }[] } = {};
  meet(found, () =>
    post('Runtime.callFunctionOn', {
      objectId: scopesId,
      functionDeclaration: `function () { ${meetingExpression}.scopes = Array.from(this); }`,
    }),
  );
  return (found.scopes ?? []).map(({ description, object }) => ({ kind: scopeKind(description), bindings: object }));
}

function scopeKind(description: string): FunctionScope['kind'] {
  if (description === 'Global') return 'global';
  if (description === 'Module') return 'module';
  if (description === 'Script') return 'script';
  return 'local';
}

/** Leaves a value where the inspected context finds it, for as long as `use` runs. */
function meet<T>(value: unknown, use: () => T): T {
  const { meetingPlace } = load();
  meetingPlace[meetingKey] = value;
  try {
    return use();
  } finally {
    delete meetingPlace[meetingKey];
  }
}

interface Replies {
  'Runtime.evaluate': { result: inspector.Runtime.RemoteObject };
  'Runtime.getProperties': inspector.Runtime.GetPropertiesReturnType;
  'Runtime.callFunctionOn': inspector.Runtime.CallFunctionOnReturnType;
  'Runtime.releaseObjectGroup': object;
  'Profiler.enable': object;
  'Profiler.getBestEffortCoverage': inspector.Profiler.GetBestEffortCoverageReturnType;
  'Debugger.enable': object;
  'Debugger.disable': object;
  'Debugger.getScriptSource': inspector.Debugger.GetScriptSourceReturnType;
}

/** A session connected to its own thread answers before `post` returns. */
function post<M extends keyof Replies>(method: M, params: object): Replies[M] {
  let failure: Error | null = null;
  let reply: Replies[M] | undefined;
  (session as inspector.Session).post(method, params, (error: Error | null, result?: object) => {
    failure = error;
    reply = result as Replies[M];
  });
  if (failure !== null) throw Object.assign(new Error('the inspector refused'), { cause: failure });
  return reply as Replies[M];
}
