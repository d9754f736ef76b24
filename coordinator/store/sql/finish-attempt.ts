import type { AttemptKey, AttemptOutcome, AttemptState } from '../../../core/attempt.ts';
import type { SweepState } from '../../../core/sweep.ts';
import type { TrialState } from '../../../core/trial.ts';
import type { Query } from '../database.ts';
import type { OutcomeEffect } from '../outcome.ts';

export interface LockedAttempt {
  readonly sweepState: SweepState;
  readonly retries: number;
  readonly trialState: TrialState;
  /** Attempts that failed before this one. */
  readonly failures: number;
  /** Epoch at which the trial pauses; null = it runs to its end. */
  readonly rung: number | null;
  readonly attemptState: AttemptState;
  /** True where this very outcome was stored before. */
  readonly repeated: boolean;
}

/**
 * Locks an attempt, its trial and its sweep, to end the attempt.
 *
 * Guarantee: what is read stays so until the transaction ends. A cancellation under way is waited for and seen; claims
 * from the same sweep go on.
 * Index: trials_pkey, sweeps_pkey, attempts_pkey. Lock order: sweep (KEY SHARE), trial, attempt.
 * @returns null where there is no such attempt
 */
export async function lockAttempt(
  query: Query,
  { trialId, attempt }: AttemptKey,
  outcome: AttemptOutcome,
): Promise<LockedAttempt | null> {
  const sweeps = await query<{ sweepState: SweepState; retries: number }>(
    `SELECT state AS "sweepState", retries FROM sweeps
      WHERE id = (SELECT sweep_id FROM trials WHERE id = $1)
        FOR KEY SHARE`,
    [trialId],
  );
  const attempts = await query<Pick<LockedAttempt, 'trialState' | 'failures' | 'rung' | 'attemptState' | 'repeated'>>(
    `SELECT t.state AS "trialState", t.failures, t.rung, a.state AS "attemptState",
            coalesce(a.outcome = $3::jsonb, false) AS repeated
       FROM trials t JOIN attempts a ON a.trial_id = t.id AND a.number = $2
      WHERE t.id = $1
        FOR NO KEY UPDATE OF t, a`,
    [trialId, attempt, JSON.stringify(outcome)],
  );
  const [sweep, locked] = [sweeps[0], attempts[0]];
  return sweep && locked ? { ...sweep, ...locked } : null;
}

/**
 * Ends a locked ACTIVE attempt and moves its trial; a factor that the trial computed goes to its point, once.
 *
 * Guarantee: fenced by (trial, attempt, ACTIVE) under the locks of `lockAttempt`.
 * Index: attempts_pkey, trials_pkey, points_pkey. Lock order: attempt and trial (held), point.
 */
export async function endAttempt(
  query: Query,
  { trialId, attempt }: AttemptKey,
  outcome: AttemptOutcome,
  effect: OutcomeEffect,
): Promise<void> {
  const success = outcome.kind === 'success' ? outcome : null;
  await query(
    `WITH ended AS (
       UPDATE attempts
          SET state = $3::"AttemptState", outcome = $4, failure_kind = $5, failure_message = $6, finished_at = now()
        WHERE trial_id = $1 AND number = $2 AND state = 'ACTIVE'
       RETURNING trial_id
     ), scaled AS (
       UPDATE points p SET scale_factor = $12::float8
         FROM trials t
        WHERE t.id = $1 AND p.id = t.point_id AND p.scale_factor IS NULL AND $12::float8 IS NOT NULL
     )
     UPDATE trials t
        SET state = $7::"TrialState",
            failures = t.failures + ($3::"AttemptState" = 'FAILED')::int,
            available_at = now() + $8 * interval '1 millisecond',
            finished_at = CASE WHEN $7::"TrialState" IN ('QUEUED', 'WAITING') THEN NULL ELSE now() END,
            failure_kind = $5, failure_message = $6,
            selection_value = $9, test_value = $10, teacher_sha256 = $11, extras = $13
       FROM ended WHERE t.id = ended.trial_id AND t.attempt = $2`,
    [
      trialId,
      attempt,
      effect.attemptState,
      JSON.stringify(outcome),
      effect.failure?.kind ?? null,
      effect.failure?.message ?? null,
      effect.trialState,
      effect.delayMs,
      success?.selectionValue ?? null,
      success?.testValue ?? null,
      success?.teacherSha256 ?? null,
      success?.scaleFactor ?? null,
      success === null ? null : JSON.stringify(success.extras),
    ],
  );
}

/**
 * Keeps the outcome of a LOST attempt for audit.
 *
 * Guarantee: only LOST becomes REFUSED; the first such outcome stays.
 * Index: attempts_pkey. Lock order: attempt (held by `lockAttempt`).
 */
export async function refuseOutcome(query: Query, key: AttemptKey, outcome: AttemptOutcome): Promise<void> {
  await query(
    `UPDATE attempts SET state = 'REFUSED', outcome = $3 WHERE trial_id = $1 AND number = $2 AND state = 'LOST'`,
    [key.trialId, key.attempt, JSON.stringify(outcome)],
  );
}
