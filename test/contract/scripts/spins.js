// Two workers spin for ever, and say who they are; somebody else kills this process then. `node spins.js <execPath>`
import { ProcessPoolExecutor } from 'concurrent-futures';

const executor = new ProcessPoolExecutor({ maxWorkers: 2, execPath: process.argv[2] });
for (let i = 0; i < 2; i++) {
  executor.submit(() => {
    process.getBuiltinModule('node:fs').writeSync(1, `${process.pid}\n`);
    for (;;);
  });
}
