/** Functions that tasks come with: read from the broker once each, and kept. */

import type { FunctionHandle } from '../functions/handle.js';
import { sealedBytes } from './bodies.js';
import type { Broker } from './broker.js';
import { type CodeRules, type FoundCode, foundCode } from './code.js';
import type { TaskBatch, TaskGroup } from './messages.js';
import { Refusal } from './refusal.js';
import type { Seal } from './seal.js';
import { TakenModules } from './taken-modules.js';

type Handles = Map<string, FunctionHandle>;

const functionsMax = 1000;
/** Signers whose copies of one function are tried. */
const copiesMax = 100;

export class KnownFunctions {
  readonly #broker: Broker;
  readonly #seal: Seal;
  readonly #rules: CodeRules;
  /** A promise as long as it is being fetched. */
  readonly #found = new Map<string, FoundCode | Promise<FoundCode>>();
  readonly #modules = new TakenModules();

  constructor(broker: Broker, seal: Seal, rules: CodeRules) {
    this.#broker = broker;
    this.#seal = seal;
    this.#rules = rules;
  }

  /** The functions of a batch, by digest; a promise only where one has to be fetched. Throws a {@link Refusal} for one that is not to run, or not the same here. */
  handlesFor({ groups }: TaskBatch): Handles | Promise<Handles> {
    const handles: Handles = new Map();
    const from = (first: number): Handles | Promise<Handles> => {
      for (let i = first; i < groups.length; i++) {
        const [digest] = groups[i] as TaskGroup;
        if (handles.has(digest)) continue;
        const found = this.#find(digest);
        if (found instanceof Promise)
          return found.then((fetched) => {
            handles.set(digest, this.#checked(fetched));
            return from(i + 1);
          });
        handles.set(digest, this.#checked(found));
      }
      return handles;
    };
    return from(0);
  }

  #checked({ handle, modules }: FoundCode): FunctionHandle {
    for (const [url, digest] of modules) this.#modules.check(url, digest);
    return handle;
  }

  #find(digest: string): FoundCode | Promise<FoundCode> {
    const known = this.#found.get(digest);
    if (known !== undefined) return known;
    const fetching = this.#fetchCode(digest);
    this.#found.set(digest, fetching);
    fetching.then(
      (found) => this.#found.set(digest, found),
      () => this.#found.delete(digest),
    );
    if (this.#found.size > functionsMax) this.#found.delete(this.#found.keys().next().value as string);
    return fetching;
  }

  async #fetchCode(digest: string): Promise<FoundCode> {
    const { names } = this.#broker;
    if (!/^[0-9a-f]{32}$/.test(digest)) throw new Refusal('MALFORMED', 'a function is named by no digest');
    let refusal = new Refusal(
      'CODE_NOT_FOUND',
      `the broker does not have the function ${digest} any more: submit the task again`,
    );
    let copies = 0;
    for await (const { subject, data } of this.#broker.reader.stored(names.code, names.codeOf(digest, '*'))) {
      const bytes = await this.#openCopy(subject, data);
      if (!(bytes instanceof Refusal)) return foundCode({ digest, bytes }, this.#rules);
      refusal = bytes;
      copies += 1;
      if (copies === copiesMax) break;
    }
    throw refusal;
  }

  async #openCopy(subject: string, data: Uint8Array): Promise<Buffer | Refusal> {
    try {
      return this.#seal.open(subject, await sealedBytes(this.#broker, data));
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  }
}
