/** The axes of the matrix. */

export const faults = ['cut', 'silence', 'kill-submitter', 'kill-worker', 'kill-broker'] as const;
/** Whose connection to the broker the step is seen on; the successor takes over from a submitter that was killed in the middle. */
export const sides = ['submitter', 'worker', 'successor'] as const;
/** Whether the message at which it happens arrives. */
const whens = ['before', 'after'] as const;

export type Fault = (typeof faults)[number];
export type Side = (typeof sides)[number];
type When = (typeof whens)[number];

export interface Cell {
  readonly fault: Fault;
  readonly side: Side;
  readonly when: When;
  /** For example `> task #2`. */
  readonly step: string;
}

/** The steps of a run without a fault, by side. */
export type Steps = Readonly<Record<Side, readonly string[]>>;

/** Of many messages of one kind the first two and the last. */
export function allCells(steps: Steps): Cell[] {
  return sides.flatMap((side) =>
    [...byKind(steps[side], (step) => step).values()].flatMap((some) =>
      some
        .filter((_, i) => i < 2 || i === some.length - 1)
        .flatMap((step) =>
          faults.flatMap((fault) => whensOf(fault, side).map((when) => ({ fault, side, when, step }))),
        ),
    ),
  );
}

/** Where it is another process that is killed, the message arrives in any case. */
function whensOf(fault: Fault, side: Side): readonly When[] {
  return (fault === 'kill-submitter' && side === 'worker') || (fault === 'kill-worker' && side !== 'worker')
    ? ['before']
    : whens;
}

/** Every kind of message once, on this side or on that, with every fault in turn: a diagonal through the matrix. */
export function sliceOf(steps: Steps): Cell[] {
  const seen = sides.flatMap((side) => steps[side].map((step) => ({ side, step })));
  return [...byKind(seen, ({ step }) => step).values()].map((some, turn) => {
    const { side, step } = some[turn % some.length] as (typeof some)[number];
    const fault = faults[turn % faults.length] as Fault;
    const possible = whensOf(fault, side);
    return { fault, side, when: possible[Math.floor(turn / faults.length) % possible.length] as When, step };
  });
}

/** In the order in which each kind comes first. */
export function byKind<T>(items: readonly T[], stepOf: (item: T) => string): Map<string, T[]> {
  const kinds = new Map<string, T[]>();
  for (const item of items) {
    const kind = kindOf(stepOf(item));
    kinds.set(kind, [...(kinds.get(kind) ?? []), item]);
  }
  return kinds;
}

function kindOf(step: string): string {
  return step.slice(0, step.lastIndexOf(' #'));
}

export function titleOf({ fault, side, when, step }: Cell): string {
  return `${fault} ${when} ${side} ${step}`;
}

/** How to play it alone. */
export function replayOf({ fault, side, when, step }: Cell): string {
  return `npm run cluster-matrix -- --fault ${fault} --side ${side} --when ${when} --step '${step}'`;
}
