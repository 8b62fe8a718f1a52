/** Which room of `src/` may import from which others; ARCHITECTURE.md shows the same table, and biome.json the same rules. */

export const rooms: Record<string, readonly string[]> = {
  errors: [],
  future: ['errors'],
  protocol: ['errors'],
  functions: ['errors', 'protocol'],
  worker: ['errors', 'protocol', 'functions'],
  pool: ['errors', 'future', 'protocol', 'functions'],
  hosts: ['errors', 'pool', 'protocol', 'functions', 'worker'],
  executors: ['errors', 'future', 'protocol', 'functions', 'pool', 'hosts', 'worker'],
  digests: [],
  cluster: ['errors', 'future', 'protocol', 'functions', 'pool', 'executors', 'digests'],
  index: ['errors', 'future', 'functions', 'pool', 'executors', 'worker'],
  internals: ['future', 'functions', 'pool', 'executors'],
  core: ['index', 'internals'],
  cli: ['digests'],
};

/** Node modules that are machinery: they belong behind the seam. */
export const machinery = ['node:worker_threads', 'node:child_process', 'node:net'];
export const roomsWithMachinery = ['hosts', 'worker', 'protocol', 'functions', 'executors', 'cli'];
