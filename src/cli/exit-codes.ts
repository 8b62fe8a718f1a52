/** How the command ends. A signal's code is 128 and its number, as shells have it. */
export const exitCodes = {
  succeeded: 0,
  someFailed: 1,
  wrongUsage: 2,
  /** As `timeout` of coreutils. */
  outOfTime: 124,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

/** The signals that ask the command to end. */
export type EndSignal = 'SIGINT' | 'SIGTERM';
