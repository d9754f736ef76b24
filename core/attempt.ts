import type { TrialId } from './ids.ts';
import type { TrialFailure } from './trial.ts';

/**
 * States of an attempt (one lease of a trial on one worker).
 *
 * ACTIVE     holds the lease
 * SUCCEEDED  its result is the trial's result
 * FAILED     it ended with a named failure
 * LOST       its lease ran out; whatever it still sends is refused
 * CANCELLED  it was told to stop, or after which step to pause, and did
 * REFUSED    its result came after the lease was lost; kept for audit, never counted
 */
export const AttemptState = {
  ACTIVE: 'ACTIVE',
  SUCCEEDED: 'SUCCEEDED',
  FAILED: 'FAILED',
  LOST: 'LOST',
  CANCELLED: 'CANCELLED',
  REFUSED: 'REFUSED',
} as const;
export type AttemptState = (typeof AttemptState)[keyof typeof AttemptState];

/** What the coordinator wants of a running attempt; carried by every answer to a renewal. */
export const WantedState = { RUN: 'RUN', WAIT: 'WAIT', STOP: 'STOP' } as const;
export type WantedState = (typeof WantedState)[keyof typeof WantedState];

/** LOST attempts that a trial may have before it fails with kind LOST; failures are bounded by `limits.retries`. */
export const maxLostAttempts = 10;

/** One lease: the trial and the attempt number that fences every write about it. */
export interface AttemptKey {
  readonly trialId: TrialId;
  /** From 1. */
  readonly attempt: number;
}

export interface WantedAttempt extends AttemptKey {
  readonly wanted: WantedState;
  /** Why, where STOP: `cancelled`, `lease lost`; else empty. */
  readonly reason: string;
}

/** What a trial that ran to its end reports. */
export interface TrialSuccess {
  /** In the metric's unit (top1: percent, 0..100). */
  readonly selectionValue: number;
  readonly testValue: number | null;
  /** c(alpha, beta, T) where `scale: gradNormalised`; else null. */
  readonly scaleFactor: number | null;
  /** Hash of the teacher that was used; null where there is none. */
  readonly teacherSha256: string | null;
  /** Further final values (`teacherTest`, `trainSeconds`): finite numbers. */
  readonly extras: Readonly<Record<string, number>>;
}

/** How an attempt ended. */
export type AttemptOutcome =
  | ({ readonly kind: 'success' } & TrialSuccess)
  | { readonly kind: 'failure'; readonly failure: TrialFailure }
  /** Stopped because the coordinator wanted it, or (`requeue`) because the worker leaves. */
  | { readonly kind: 'stopped'; readonly requeue: boolean }
  /** It came to the step where its assignment ends; its state is saved, as far as that was possible. */
  | { readonly kind: 'paused' };
