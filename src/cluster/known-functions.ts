/** Functions that tasks come with: read from the broker once each, and kept. */

import type { FunctionHandle } from '../functions/handle.js';
import { sealedBytes } from './bodies.js';
import type { Broker } from './broker.js';
import { type CodeRules, handleOf } from './code.js';
import type { TaskBatch, TaskGroup } from './messages.js';
import { Refusal } from './refusal.js';
import type { Seal } from './seal.js';

type Handles = Map<string, FunctionHandle>;

const handlesMax = 1000;
/** Signers whose copies of one function are tried. */
const copiesMax = 100;

export class KnownFunctions {
  readonly #broker: Broker;
  readonly #seal: Seal;
  readonly #rules: CodeRules;
  /** A promise as long as it is being fetched. */
  readonly #handles = new Map<string, FunctionHandle | Promise<FunctionHandle>>();

  constructor(broker: Broker, seal: Seal, rules: CodeRules) {
    this.#broker = broker;
    this.#seal = seal;
    this.#rules = rules;
  }

  /** The functions of a batch, by digest; a promise only where one has to be fetched. */
  handlesFor({ groups }: TaskBatch): Handles | Promise<Handles> {
    const handles: Handles = new Map();
    const from = (first: number): Handles | Promise<Handles> => {
      for (let i = first; i < groups.length; i++) {
        const [digest] = groups[i] as TaskGroup;
        if (handles.has(digest)) continue;
        const handle = this.#handle(digest);
        if (handle instanceof Promise)
          return handle.then((fetched) => {
            handles.set(digest, fetched);
            return from(i + 1);
          });
        handles.set(digest, handle);
      }
      return handles;
    };
    return from(0);
  }

  #handle(digest: string): FunctionHandle | Promise<FunctionHandle> {
    const known = this.#handles.get(digest);
    if (known !== undefined) return known;
    const fetching = this.#fetchCode(digest);
    this.#handles.set(digest, fetching);
    fetching.then(
      (handle) => this.#handles.set(digest, handle),
      () => this.#handles.delete(digest),
    );
    if (this.#handles.size > handlesMax) this.#handles.delete(this.#handles.keys().next().value as string);
    return fetching;
  }

  async #fetchCode(digest: string): Promise<FunctionHandle> {
    const { names } = this.#broker;
    if (!/^[0-9a-f]{32}$/.test(digest)) throw new Refusal('MALFORMED', 'a function is named by no digest');
    let refusal = new Refusal(
      'CODE_NOT_FOUND',
      `the broker does not have the function ${digest} any more: submit the task again`,
    );
    let copies = 0;
    for await (const { subject, data } of this.#broker.reader.stored(names.code, names.codeOf(digest, '*'))) {
      const bytes = await this.#openCopy(subject, data);
      if (!(bytes instanceof Refusal)) return handleOf({ digest, bytes }, this.#rules);
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
