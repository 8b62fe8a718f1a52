/** `ThreadPoolExecutor-1_3` → 3: the place in its pool, which a replaced worker's successor has, and that of the next session. */
export function workerNumber(name: string): number {
  const found = /_(\d+)$/.exec(name);
  return found === null ? 0 : Number(found[1]);
}
