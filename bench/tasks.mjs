/** What workers are given to do. */

/** The task that costs nothing, so that only the way there and back is measured. */
export function increment(n) {
  return n + 1;
}

/** The name under which piscina and tinypool look for a task. */
export default increment;

/** Keeps its worker busy until somebody changes the word, and says so in it. */
export function hold(words) {
  Atomics.store(words, 0, 1);
  Atomics.notify(words, 0);
  Atomics.wait(words, 0, 1);
}

/** Ends when that many have begun, which takes as many workers; whether it came to that. */
export function meet(words, count) {
  Atomics.add(words, 0, 1);
  Atomics.notify(words, 0);
  const giveUpAt = Date.now() + 10_000;
  for (;;) {
    const begun = Atomics.load(words, 0);
    if (begun >= count) return true;
    if (Date.now() > giveUpAt) return false;
    Atomics.wait(words, 0, begun, 100);
  }
}

export function pid() {
  return process.pid;
}

/** Changes the first byte, so that the answer can be told from what was sent. */
export function changeFirst(bytes) {
  bytes[0] += 1;
  return bytes;
}
