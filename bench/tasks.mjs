/** The task that costs nothing, so that only the way there and back is measured. */

export function increment(n) {
  return n + 1;
}

/** The name under which piscina and tinypool look for a task. */
export default increment;
