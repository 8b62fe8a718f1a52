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
/** Of those, the ones whose value is an argument of its own. */
const withValue = new Set([
  '-e',
  '--eval',
  '-p',
  '--print',
  '-pe',
  '--input-type',
  '--run',
  '--test-name-pattern',
  '--test-reporter',
  '--test-reporter-destination',
  '--watch-path',
]);

export function inheritedExecArgv(): string[] {
  const kept: string[] = [];
  const all = process.execArgv;
  for (let i = 0; i < all.length; i++) {
    const argument = all[i] as string;
    const name = argument.split('=', 1)[0] as string;
    if (own.has(name) || ownPrefixes.some((prefix) => name.startsWith(prefix))) {
      if (withValue.has(name) && !argument.includes('=')) i += 1;
      continue;
    }
    kept.push(argument);
  }
  return kept;
}
