/** Whether a module is still being evaluated: a worker that imported it would do the same work again. */

/** Enough for any chain of calls and awaits that leads from a module's top level to a submit. */
const framesMax = 200;

/** Whether this very call was made, directly or across `await`, by the top level of the module at `url`. */
export function isBeingEvaluated(url: string): boolean {
  return callSites().some((site) => {
    if (site.getFileName() !== url || site.getFunctionName() !== null) return false;
    // The function around a module's own statements begins where its text does.
    return site.getEnclosingLineNumber() === 1 && site.getEnclosingColumnNumber() === 1;
  });
}

function callSites(): NodeJS.CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = framesMax;
    Error.prepareStackTrace = (_error, sites) => sites;
    return (new Error('for its call sites').stack ?? []) as unknown as NodeJS.CallSite[];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
}
