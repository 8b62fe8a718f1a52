/** Asking another one while the first is waited for. */

/**
 * The first answer; the last error, where each that was asked has failed.
 *
 * @param waitsMs after how long without an answer it is asked the next time
 */
export function hedged<T>(ask: () => Promise<T>, waitsMs: readonly number[]): Promise<T> {
  return new Promise((resolve, reject) => {
    let asked = 0;
    let failed = 0;
    let timer: NodeJS.Timeout | undefined;
    const next = (): void => {
      const waitMs = waitsMs[asked];
      asked += 1;
      timer = waitMs === undefined ? undefined : setTimeout(next, waitMs);
      ask().then(
        (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        (error) => {
          failed += 1;
          if (failed < asked) return;
          clearTimeout(timer);
          reject(error);
        },
      );
    };
    next();
  });
}
