/**
 * States of a trial (one point under one seed).
 *
 * QUEUED    waits for a worker            -> RUNNING (claimed), CANCELLED
 * RUNNING   leased to one attempt         -> SUCCEEDED, FAILED, PRUNED, CANCELLED, WAITING, QUEUED (lease lost or retried)
 * WAITING   a rung reached, checkpoint kept, no lease -> QUEUED, PRUNED, CANCELLED
 * SUCCEEDED, PRUNED are final.
 * FAILED, CANCELLED are final too, but for a rerun of the sweep -> QUEUED
 */
export const TrialState = {
  QUEUED: 'QUEUED',
  RUNNING: 'RUNNING',
  WAITING: 'WAITING',
  SUCCEEDED: 'SUCCEEDED',
  FAILED: 'FAILED',
  PRUNED: 'PRUNED',
  CANCELLED: 'CANCELLED',
} as const;
export type TrialState = (typeof TrialState)[keyof typeof TrialState];

/** Legal moves; the fault checker holds every stored history against this table. */
export const trialTransitions: Readonly<Record<TrialState, readonly TrialState[]>> = {
  QUEUED: ['RUNNING', 'CANCELLED'],
  RUNNING: ['SUCCEEDED', 'FAILED', 'PRUNED', 'CANCELLED', 'WAITING', 'QUEUED'],
  WAITING: ['QUEUED', 'PRUNED', 'CANCELLED'],
  SUCCEEDED: [],
  FAILED: ['QUEUED'],
  PRUNED: [],
  CANCELLED: ['QUEUED'],
};

const finalStates: ReadonlySet<TrialState> = new Set(['SUCCEEDED', 'FAILED', 'PRUNED', 'CANCELLED']);

/** True where the trial is over; only a rerun of failed or cancelled ones can take it up again. */
export function isFinalTrialState(state: TrialState): boolean {
  return finalStates.has(state);
}

/**
 * SEARCH: what the trial gives is what points are chosen by. CONFIRM: it runs the best points once more under fresh seeds,
 * after the choice, and no search ever sees it.
 */
export const TrialPurpose = { SEARCH: 'SEARCH', CONFIRM: 'CONFIRM' } as const;
export type TrialPurpose = (typeof TrialPurpose)[keyof typeof TrialPurpose];

/** Why an attempt failed, in the words that users see. */
export const FailureKind = {
  /** The trial's code threw. */
  EXCEPTION: 'EXCEPTION',
  /** The child process ended by itself (exit code, signal). */
  CRASH: 'CRASH',
  OUT_OF_MEMORY: 'OUT_OF_MEMORY',
  /** Loss or metric became NaN or infinite. */
  NAN_LOSS: 'NAN_LOSS',
  /** The trial ran longer than `limits.timeoutMinutes`. */
  TIMEOUT: 'TIMEOUT',
  /** The child process showed no sign of life for too long. */
  STALLED: 'STALLED',
  /** A dataset or weight file is missing or broken on the worker. */
  MISSING_DATA: 'MISSING_DATA',
  /** The worker was lost too often while it ran this trial. */
  LOST: 'LOST',
} as const;
export type FailureKind = (typeof FailureKind)[keyof typeof FailureKind];

export interface TrialFailure {
  readonly kind: FailureKind;
  /** One or a few lines: what happened, where. */
  readonly message: string;
}
