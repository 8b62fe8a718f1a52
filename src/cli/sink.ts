/** Where outcomes go. */

import type { RunJournal } from './journal/run-journal.js';
import type { RunSettings } from './map-settings.js';
import type { OrderedOutput } from './ordered-output.js';
import { type TaskRecord, writtenRecord } from './records.js';
import type { RunFiles } from './report/run-files.js';
import type { RunEnd } from './run.js';
import type { Tally } from './tally.js';
import type { Limit } from './units.js';
import { messageOf } from './usage-error.js';

/** A share of failures says nothing before so many tasks are done, where nobody knows how many there are. */
const shareFrom = 100;

/** The journal comes first, so that what anybody has seen is not lost. */
export class Sink {
  readonly #tally: Tally;
  readonly #output: OrderedOutput;
  readonly #journal: RunJournal | undefined;
  readonly #stop: (end: RunEnd) => void;
  readonly #of: SinkSettings;
  #isFlushDue = false;

  constructor(
    tally: Tally,
    output: OrderedOutput,
    journal: RunJournal | undefined,
    stop: (end: RunEnd) => void,
    of: SinkSettings,
  ) {
    this.#tally = tally;
    this.#output = output;
    this.#journal = journal;
    this.#stop = stop;
    this.#of = of;
  }

  take(done: TaskRecord): void {
    const { record, line } = writtenRecord(done);
    this.#tally.count(record);
    if (!record.isStopped) {
      this.#journal?.write(record, line);
      this.#flushSoon();
    }
    this.#of.files?.take(record);
    this.#output.write(record.index, line);
    if (record.status === 'failed') this.#checkFailures();
  }

  /** Whether an earlier run has done that input: then its result goes where it would have gone. */
  replay(index: number, input: unknown): boolean {
    const known = this.#journal?.recorded(index, input);
    if (known === undefined) return false;
    const { worker, ...rest } = known;
    const { record, line } = writtenRecord({ ...rest, input, worker: worker ?? undefined } as TaskRecord);
    this.#tally.countEarlier(record);
    this.#of.files?.take(record);
    this.#output.write(index, line);
    return true;
  }

  #flushSoon(): void {
    const journal = this.#journal;
    if (journal === undefined || this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => {
      this.#isFlushDue = false;
      try {
        journal.flush();
      } catch (error) {
        this.#stop({ kind: 'journal lost', message: messageOf(error) });
      }
    });
  }

  #checkFailures(): void {
    const { maxFailures } = this.#of.settings;
    if (maxFailures === undefined || !isTooMany(this.#tally, maxFailures, this.#of.total)) return;
    this.#stop({ kind: 'too many failures', failed: this.#tally.failed, max: maxFailures });
  }
}

interface SinkSettings {
  readonly total: number | undefined;
  readonly settings: RunSettings;
  readonly files: RunFiles | undefined;
}

function isTooMany({ failed, done }: Tally, max: Limit, total: number | undefined): boolean {
  if ('count' in max) return failed > max.count;
  return total === undefined ? done >= shareFrom && failed > done * max.share : failed > total * max.share;
}
