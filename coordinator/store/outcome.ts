import type { AttemptOutcome, AttemptState } from '../../core/attempt.ts';
import { isFinalSweepState, type SweepState } from '../../core/sweep.ts';
import type { TrialFailure, TrialState } from '../../core/trial.ts';

/** What an accepted outcome does to its attempt and its trial. */
export interface OutcomeEffect {
  readonly attemptState: Extract<AttemptState, 'SUCCEEDED' | 'FAILED' | 'CANCELLED'>;
  readonly trialState: Extract<TrialState, 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'QUEUED' | 'WAITING'>;
  /** Shown on the trial, also while it waits for another attempt. */
  readonly failure: TrialFailure | null;
  /** A queued trial is not claimed before this many milliseconds have passed. */
  readonly delayMs: number;
}

const firstDelayMs = 1_000;
const maxDelayMs = 60_000;

/**
 * Success ends a trial; a failure is tried again while `failures` (this one included) stay within `retries`, except
 * MISSING_DATA, which another try would meet again; what stopped is queued again; what paused waits to be judged. Nothing
 * is queued again, nor waits, in a sweep that is over.
 */
export function effectOf(
  outcome: AttemptOutcome,
  trial: {
    readonly sweepState: SweepState;
    readonly retries: number;
    readonly failures: number;
    readonly rung: number | null;
  },
): OutcomeEffect {
  const isOver = isFinalSweepState(trial.sweepState);
  const again = isOver ? 'CANCELLED' : 'QUEUED';
  switch (outcome.kind) {
    case 'success':
      return { attemptState: 'SUCCEEDED', trialState: 'SUCCEEDED', failure: null, delayMs: 0 };
    case 'stopped':
      return { attemptState: 'CANCELLED', trialState: again, failure: null, delayMs: 0 };
    case 'paused': {
      // Nobody would judge it without a rung.
      const trialState = isOver || trial.rung === null ? again : 'WAITING';
      return { attemptState: 'CANCELLED', trialState, failure: null, delayMs: 0 };
    }
    case 'failure': {
      const { failure } = outcome;
      const isRetried = trial.failures <= trial.retries && failure.kind !== 'MISSING_DATA';
      const trialState = isRetried ? again : 'FAILED';
      return { attemptState: 'FAILED', trialState, failure, delayMs: retryDelayMs(trial.failures) };
    }
  }
}

/** 1 s after the first failure, then doubling up to a minute. */
export function retryDelayMs(failures: number): number {
  return Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(failures - 1, 30));
}

/** A success whose value is no number is a failure: it could not be averaged. Other values that are none are left out. */
export function withFiniteValues(outcome: AttemptOutcome): AttemptOutcome {
  if (outcome.kind !== 'success') return outcome;
  if (!Number.isFinite(outcome.selectionValue)) {
    const message = `The trial ended with selection value ${outcome.selectionValue}`;
    return { kind: 'failure', failure: { kind: 'NAN_LOSS', message } };
  }
  return {
    ...outcome,
    testValue: finiteOrNull(outcome.testValue),
    scaleFactor: finiteOrNull(outcome.scaleFactor),
    extras: Object.fromEntries(Object.entries(outcome.extras).filter(([, value]) => Number.isFinite(value))),
  };
}

function finiteOrNull(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
