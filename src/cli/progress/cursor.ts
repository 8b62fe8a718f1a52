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
  // It ends the process as soon as nobody listens any more.
  const end = (signal: NodeJS.Signals): void => {
    giveBack();
    process.removeListener(signal, end);
    process.kill(process.pid, signal);
  };
  // Ctrl-Z. The signal itself would stop no process whose shell does not look after it.
  const pause = (): void => {
    giveBack();
    process.kill(process.pid, 'SIGSTOP');
  };
  const hide = (): void => write(hideCursor);
  const listeners = [
    ['SIGHUP', end],
    ['SIGQUIT', end],
    ['SIGTSTP', pause],
    ['SIGCONT', hide],
    ['exit', giveBack],
  ] as const;
  for (const [event, listener] of listeners) process.on(event, listener as () => void);
  hide();
  return {
    restore: () => {
      for (const [event, listener] of listeners) process.removeListener(event, listener as () => void);
      giveBack();
    },
  };
}
