/**
 * The modules from which a worker takes functions, and whether they are as they were.
 *
 *   asked for ──the same as the submitter's──► taken ──a file is another one by now──► refused, until the worker is started anew
 *      └──another one──► refused
 *
 * Whoever has imported a module has it as it was then, so of one that was changed since nobody knows what would run: the threads and processes
 * that live have the old one, and those that are started have the new one.
 */

import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { moduleDigest, textOf } from '../digests/module-digest.js';
import { Refusal } from './refusal.js';

/** To look at a thousand files takes two milliseconds. */
const lookMs = 1000;

interface File {
  readonly digest: string;
  /** When it was changed last, and the like. */
  readonly stamp: string;
  /** When it was so, for modules that share it. */
  lookedAt: number;
}

interface Taken {
  readonly digest: string;
  /** It and those that it imports. */
  readonly files: readonly string[];
  lookedAt: number;
}

export class TakenModules {
  readonly #modules = new Map<string, Taken>();
  readonly #files = new Map<string, File>();

  /**
   * Makes sure that a module is the submitter's, and as it was when functions of it were taken first. Throws a {@link Refusal}.
   *
   * @param digest the submitter's
   */
  check(url: string, digest: string): void {
    if (!url.startsWith('file:')) return;
    const taken = this.#modules.get(url);
    if (taken?.digest === digest) {
      const now = performance.now();
      if (now - taken.lookedAt < lookMs) return;
      if (taken.files.every((file) => this.#isAsItWas(file, now))) {
        taken.lookedAt = now;
        return;
      }
    }
    this.#read(url, digest);
  }

  #isAsItWas(url: string, now: number): boolean {
    const file = this.#files.get(url);
    if (file === undefined) return false;
    if (now - file.lookedAt < lookMs) return true;
    if (file.stamp !== stampOf(url)) return false;
    file.lookedAt = now;
    return true;
  }

  #read(url: string, expected: string): void {
    const now = performance.now();
    const files = new Map<string, File>();
    const digest = digestOf(url, (file) => {
      // Before it is read: what is written meanwhile is noticed at the next look.
      const stamp = stampOf(file);
      const text = textOf(file);
      files.set(file, { digest: createHash('sha256').update(text).digest('hex'), stamp, lookedAt: now });
      return text;
    });
    for (const [file, { digest }] of files) {
      if ((this.#files.get(file)?.digest ?? digest) === digest) continue;
      throw new Refusal(
        'CODE_DIFFERS',
        `the module ${file} was changed after this worker had run functions of it: start the worker anew`,
      );
    }
    if (digest !== expected)
      throw new Refusal(
        'CODE_DIFFERS',
        `the module ${url} (or one that it imports) is not the one that the submitter has: install the same version on both sides, and start the worker anew`,
      );
    for (const [url, file] of files) this.#files.set(url, file);
    this.#modules.set(url, { digest, files: [...files.keys()], lookedAt: now });
  }
}

function digestOf(url: string, read: (url: string) => string): string {
  try {
    return moduleDigest(url, read);
  } catch (cause) {
    throw new Refusal('CODE_NOT_FOUND', `the module ${url} can't be read on this worker: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function stampOf(url: string): string {
  const stats = statSync(fileURLToPath(url), { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs}`;
}
