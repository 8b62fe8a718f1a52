/** The errors of tasks, made anew from what their workers sent. */

import { RemoteError } from '../errors.js';
import type { FunctionHandle } from '../functions/handle.js';
import { mapFrames } from '../functions/source-frames.js';
import { decodeError, type EncodedError } from '../protocol/errors.js';
import { atSite, type SubmitSite, submitFrames } from './site.js';
import type { Task } from './task.js';

/** An error on its way through this program to another one, which makes it anew: the classes that it needs are there. */
export class RelayedError extends Error {
  readonly encoded: EncodedError;

  constructor(encoded: EncodedError) {
    super(encoded.kind === 'error' ? encoded.message : 'a value was thrown');
    this.encoded = encoded;
    if (encoded.kind === 'error') this.name = encoded.name;
  }
}

/** What a task, or a part of one, failed with. */
export function decodeTaskError(error: EncodedError, handle: FunctionHandle, site: SubmitSite): unknown {
  return decodeError(error, (name) => handle.findErrorClass(name), submitFrames(site), mapFrames);
}

/** The same for a task that is in nobody's hands by now, so whatever goes wrong with its error must not lose it. */
export function errorOf(error: EncodedError, { name, handle, submittedAt }: Task): unknown {
  if (handle.isRelayed) return new RelayedError(error);
  try {
    return decodeTaskError(error, handle, submittedAt);
  } catch (cause) {
    return atSite(
      new RemoteError(`task "${name}" failed with an error that can't be made anew here`, { cause }),
      submittedAt,
    );
  }
}
