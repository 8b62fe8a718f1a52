/** When a run went on: once, and again each time it was resumed. */

/** Milliseconds since the epoch. */
export interface Session {
  readonly startedAt: number;
  /** Infinite while it goes on. */
  readonly endedAt: number;
}

/** Finds them in a journal, line by line: a session has ended with the last that is known of it. */
export class SessionReader {
  readonly #sessions: { startedAt: number; endedAt: number }[] = [];

  read(line: Readonly<Record<string, unknown>>): void {
    const { startedAt, resumedAt, endedAt } = line;
    const begun = startedAt ?? resumedAt;
    const last = this.#sessions.at(-1);
    if (typeof begun === 'number') this.#sessions.push({ startedAt: begun, endedAt: begun });
    else if (typeof endedAt === 'number' && last !== undefined) last.endedAt = Math.max(last.endedAt, endedAt);
  }

  sessions(): readonly Session[] {
    return this.#sessions;
  }
}
