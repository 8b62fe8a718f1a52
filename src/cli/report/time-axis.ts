/**
 * The time of a run: that of its sessions, one after the other. A run that was stopped in the evening and resumed in the morning
 * would otherwise be two specks with a night between them.
 */

import type { Session } from '../journal/sessions.js';

export interface Pause {
  /** When it was, on the run's own time. */
  readonly atMs: number;
  readonly lengthMs: number;
}

export class TimeAxis {
  readonly #sessions: readonly (Session & { readonly fromMs: number })[];

  /** @param sessions in their order, at least one */
  constructor(sessions: readonly Session[]) {
    let fromMs = 0;
    this.#sessions = sessions.map((session) => {
      const placed = { ...session, fromMs };
      fromMs += Math.max(0, session.endedAt - session.startedAt);
      return placed;
    });
  }

  /** Milliseconds since the epoch → milliseconds of the run. */
  at(time: number): number {
    const session = this.#sessions.findLast(({ startedAt }) => startedAt <= time) ?? this.#sessions[0];
    if (session === undefined) return 0;
    const { startedAt, endedAt, fromMs } = session;
    return fromMs + Math.max(0, Math.min(time, endedAt) - startedAt);
  }

  pauses(): Pause[] {
    return this.#sessions.slice(1).map(({ startedAt, fromMs }, place) => {
      const before = this.#sessions[place] as Session;
      return { atMs: fromMs, lengthMs: startedAt - before.endedAt };
    });
  }
}
