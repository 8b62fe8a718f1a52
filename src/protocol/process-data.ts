/** How a process worker is wired up. */

/** File descriptors in the child. */
export const childFds = {
  /** Frames from the executor; the first one carries the runtime's text. */
  commands: 3,
  /** Frames to the executor, written synchronously: what is written survives the child. */
  answers: 4,
  claims: 5,
} as const;

/** Set in a child's environment until its runtime has started: a program that sees it was started in a worker's place. */
export const workerMark = 'CONCURRENT_FUTURES_WORKER';

/** Reads the runtime's text from the command stream and runs it; short, since it stands in the child's command line. A block, since tasks would see its names as globals. */
export const bootstrapSource = `{const{readSync:r}=require('fs'),b=n=>{const x=Buffer.alloc(n);for(let o=0,k;o<n;o+=k)if(!(k=r(${childFds.commands},x,o,n-o)))process.exit();return x};(0,eval)('(function(require,importModule){'+b(b(4).readUInt32LE())+'\\n})')(require,u=>import(u))}`;
