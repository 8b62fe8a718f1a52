/** Hides the cursor, and sees to it that it is there again whenever somebody else has the terminal. */

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';

export interface HiddenCursor {
  restore(): void;
}

/** @param leave takes what is shown off the screen, before the terminal goes to somebody else */
export function hideCursorUntilRestored(write: (text: string) => void, leave: () => void): HiddenCursor {
  const giveBack = (): void => {
    leave();
    write(showCursor);
  };
  // Each of these ends or stops the process as soon as nobody listens any more.
  const passOn = (signal: NodeJS.Signals): void => {
    giveBack();
    process.removeListener(signal, passOn);
    process.kill(process.pid, signal);
  };
  const continued = (): void => {
    process.on('SIGTSTP', passOn);
    write(hideCursor);
  };
  const ends: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGQUIT'];
  for (const signal of [...ends, 'SIGTSTP' as const]) process.on(signal, passOn);
  process.on('SIGCONT', continued);
  process.on('exit', giveBack);
  write(hideCursor);
  return {
    restore: () => {
      for (const signal of [...ends, 'SIGTSTP' as const]) process.removeListener(signal, passOn);
      process.removeListener('SIGCONT', continued);
      process.removeListener('exit', giveBack);
      giveBack();
    },
  };
}
