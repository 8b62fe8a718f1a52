/** What a queue's streams and subjects are called. A queue is the name under which submitters and workers meet. */

/** The durable consumer that all workers of a queue pull from. */
export const workersConsumer = 'workers';

export class Names {
  readonly queue: string;
  /** Batches of tasks: a work queue, from which a batch is gone once it is acknowledged. */
  readonly tasks: string;
  /** What became of tasks. */
  readonly results: string;
  /** Functions, by digest. */
  readonly code: string;
  /** Bodies that are too large for a message. */
  readonly blobs: string;

  constructor(queue: string) {
    this.queue = checkedName('queue', queue);
    this.tasks = `CF_${queue}_TASKS`;
    this.results = `CF_${queue}_RESULTS`;
    this.code = `CF_${queue}_CODE`;
    this.blobs = `CF_${queue}_BLOBS`;
  }

  /** The stream in which these are. */
  get blobStream(): string {
    return `OBJ_${this.blobs}`;
  }

  get allTasks(): string {
    return `cf.${this.queue}.task.*.*`;
  }

  get allResults(): string {
    return `cf.${this.queue}.res.*.*`;
  }

  get allCode(): string {
    return `cf.${this.queue}.code.*.*`;
  }

  tasksOf(client: string, batch: string): string {
    return `cf.${this.queue}.task.${client}.${batch}`;
  }

  resultsOf(client: string, batch: string): string {
    return `cf.${this.queue}.res.${client}.${batch}`;
  }

  /** Each signer stores its own: what one has signed with a key that others do not know is not in their way. */
  codeOf(digest: string, signer: string): string {
    return `cf.${this.queue}.code.${digest}.${signer}`;
  }

  /** Where a subject of tasks, outcomes or functions is stored. */
  streamOf(subject: string): string {
    const [, , kind] = subject.split('.');
    return kind === 'task' ? this.tasks : kind === 'res' ? this.results : this.code;
  }

  /** Told to all workers: tasks that are not to start, or are to stop. */
  get cancel(): string {
    return `cf.${this.queue}.cancel`;
  }

  /** Asks all workers to say at once who they are. */
  get ask(): string {
    return `cf.${this.queue}.ask`;
  }

  /** Told by each worker once a second: who it is and what it does. */
  get presence(): string {
    return `cf.${this.queue}.presence`;
  }
}

/** A name that can be a part of a subject and of a stream's name. */
export function checkedName(option: string, value: unknown): string {
  if (typeof value === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(value)) return value;
  throw new TypeError(
    `${option} must be a name of letters, digits, "_" and "-", 64 at most; got ${JSON.stringify(value)}`,
  );
}
