/** Functions that tasks come with: read from the broker once each, and kept. */

import type { FunctionHandle } from '../functions/handle.js';
import { sealedBytes } from './bodies.js';
import type { Broker } from './broker.js';
import { type CodeRules, handleOf } from './code.js';
import type { TaskBatch } from './messages.js';
import { Refusal } from './refusal.js';
import type { Seal } from './seal.js';

const handlesMax = 1000;
/** Signers whose copies of one function are tried. */
const copiesMax = 100;

export class KnownFunctions {
  readonly #broker: Broker;
  readonly #seal: Seal;
  readonly #rules: CodeRules;
  readonly #handles = new Map<string, Promise<FunctionHandle>>();

  constructor(broker: Broker, seal: Seal, rules: CodeRules) {
    this.#broker = broker;
    this.#seal = seal;
    this.#rules = rules;
  }

  /** The functions of a batch, by digest. */
  async handlesFor(batch: TaskBatch): Promise<Map<string, FunctionHandle>> {
    const handles = new Map<string, FunctionHandle>();
    for (const [digest] of batch.groups) if (!handles.has(digest)) handles.set(digest, await this.#handle(digest));
    return handles;
  }

  #handle(digest: string): Promise<FunctionHandle> {
    let handle = this.#handles.get(digest);
    if (handle === undefined) {
      handle = this.#fetchCode(digest);
      handle.catch(() => this.#handles.delete(digest));
      this.#handles.set(digest, handle);
      if (this.#handles.size > handlesMax) this.#handles.delete(this.#handles.keys().next().value as string);
    }
    return handle;
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
