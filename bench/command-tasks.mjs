/** What the command runs to be measured. */

export const same = (input) => input;

/** When it was called, on the clock that all processes share. */
export const now = () => Date.now();
