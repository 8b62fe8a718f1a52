import { currentTask } from 'concurrent-futures';
import { changeFirst } from './tasks.mjs';

/** Changes the first byte and moves the bytes back, where they would be copied. */
export function changeAndMove(bytes) {
  const changed = changeFirst(bytes);
  currentTask().transfer(changed.buffer);
  return changed;
}
