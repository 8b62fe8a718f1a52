// Two hundred thousand items with two kilobytes of result each do not fit in this heap: a map must not keep them.
import { bigText } from '../fixtures/tasks.js';
import { make } from './script.js';

function* indices() {
  for (let index = 0; index < 200_000; index++) yield index;
}
function* sizes() {
  for (;;) yield 2_000;
}

let read = 0;
let characters = 0;
for await (const text of make().map(bigText, indices(), sizes()).chunkSize('auto')) {
  read += 1;
  characters += text.length;
}
console.log(read, characters > 400_000_000);
