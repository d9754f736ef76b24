/**
 * States of a sweep.
 *
 * PENDING    no trial was claimed yet                       -> RUNNING (first claim), and as RUNNING
 * RUNNING    trials run or wait for workers                 -> PAUSED, COMPLETED, CANCELLED, FAILED
 * PAUSED     gives out no trials                            -> RUNNING, and as RUNNING
 * COMPLETED  all trials are final, one or more succeeded
 * FAILED     all trials are final, none succeeded
 * CANCELLED  stopped by a user; also again at its end where a rerun took up its failed trials alone
 *
 * The last three are final: nothing of the sweep runs any more (in a cancelled one trials are still being stopped) until
 * a rerun (`RerunKind`) queues some of its trials again: then it is RUNNING, or PENDING where it never ran.
 */
export const SweepState = {
  PENDING: 'PENDING',
  RUNNING: 'RUNNING',
  PAUSED: 'PAUSED',
  COMPLETED: 'COMPLETED',
  CANCELLED: 'CANCELLED',
  FAILED: 'FAILED',
} as const;
export type SweepState = (typeof SweepState)[keyof typeof SweepState];

const finalStates: ReadonlySet<SweepState> = new Set(['COMPLETED', 'CANCELLED', 'FAILED']);

/** True where the sweep is over; only a rerun can take it up again. */
export function isFinalSweepState(state: SweepState): boolean {
  return finalStates.has(state);
}

/**
 * What a rerun runs. `failed`: trials that FAILED, also while the sweep runs. `missing`: trials that were CANCELLED, and
 * the points that a search would have chosen if the sweep had not been cancelled; only once the sweep is over, as before
 * that nothing is missing.
 */
export const rerunKinds = ['missing', 'failed'] as const;
export type RerunKind = (typeof rerunKinds)[number];
