/** The functions that this command itself runs in workers. */

import { tasksFrom } from 'concurrent-futures';

export function workerTasks(): typeof import('./describe-module.js') {
  return tasksFrom<typeof import('./describe-module.js')>(new URL('./describe-module.js', import.meta.url));
}
