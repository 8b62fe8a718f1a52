/** The Node options that a worker takes over from this process. */

/** They name this process's own program or mode: a worker that took them over would run that instead of tasks. */
const own = new Set([
  '-e',
  '--eval',
  '-p',
  '--print',
  '-pe',
  '-c',
  '--check',
  '-i',
  '--interactive',
  '--test',
  '--watch',
  '--run',
  '--input-type',
  '--build-snapshot',
]);
const ownPrefixes = [
  '--test-',
  '--watch-',
  '--inspect',
  '--experimental-test',
  '--cpu-prof',
  '--heap-prof',
  '--debug-port',
];
/** Of those, the ones with a value that may begin with a dash. */
const withText = new Set(['-e', '--eval', '-p', '--print', '-pe']);

export function inheritedExecArgv(): string[] {
  const kept: string[] = [];
  const all = process.execArgv;
  for (let i = 0; i < all.length; i++) {
    const argument = all[i] as string;
    const name = argument.split('=', 1)[0] as string;
    if (own.has(name) || ownPrefixes.some((prefix) => name.startsWith(prefix))) {
      // What is no option is the value of the one before it: the program itself is not among these.
      if (withText.has(name) && argument === name) i += 1;
      else while (i + 1 < all.length && !(all[i + 1] as string).startsWith('-')) i += 1;
      continue;
    }
    kept.push(argument);
  }
  return kept;
}
