/** Tasks that listen to a signal: one listener for all that have it, since Node takes more than ten for a leak and warns. */

interface Listening {
  readonly calls: Set<() => void>;
  readonly onAbort: () => void;
}

const listening = new WeakMap<AbortSignal, Listening>();

/** Calls back once the signal is aborted; gives the way to stop that. */
export function whenAborted(signal: AbortSignal, call: () => void): () => void {
  const { calls, onAbort } = listening.get(signal) ?? listen(signal);
  calls.add(call);
  return () => {
    if (!calls.delete(call) || calls.size > 0) return;
    signal.removeEventListener('abort', onAbort);
    listening.delete(signal);
  };
}

function listen(signal: AbortSignal): Listening {
  const calls = new Set<() => void>();
  const onAbort = (): void => {
    for (const call of [...calls]) call();
  };
  const made = { calls, onAbort };
  signal.addEventListener('abort', onAbort, { once: true });
  listening.set(signal, made);
  return made;
}
