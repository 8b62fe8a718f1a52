/** How what a task prints comes from its worker to the command: as one of the task's reports, so before its outcome. */

/** No report of a user's has that. */
export const printKey = 'concurrent-futures: printed';

export interface Print {
  readonly [printKey]: string;
  readonly attempt: number;
}
