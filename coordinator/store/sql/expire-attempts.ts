import { type AttemptKey, maxLostAttempts } from '../../../core/attempt.ts';
import type { TrialId, WorkerId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/** Attempts per call, so that a mass loss does not become one huge transaction; the next turn takes the rest. */
const batchSize = 1_000;

/**
 * Takes leases away: those that ran out, or all those of the given workers. Their trials are queued again; FAILED with
 * kind LOST after `maxLostAttempts`, CANCELLED where their sweep is.
 *
 * Guarantee: an attempt is taken away once, by one caller; a renewal or result that holds the row first wins, because
 * locked rows are skipped and left to the next turn. So is a sweep that is being cancelled.
 * Index: attempts_state_lease_expires_at_idx, or attempts_worker_id_state_idx for given workers.
 * Lock order: sweep (KEY SHARE), trial, attempt, never waiting.
 */
export async function expireAttempts(
  query: Query,
  workers: readonly WorkerId[] | null,
): Promise<readonly AttemptKey[]> {
  const lost = workers === null ? 'a.lease_expires_at < now()' : 'a.worker_id = ANY ($3)';
  return query<{ trialId: TrialId; attempt: number }>(
    `WITH lost AS (
       SELECT a.trial_id, a.number, t.losses + 1 AS losses, s.state IN ('COMPLETED', 'CANCELLED', 'FAILED') AS over
         FROM attempts a
         JOIN trials t ON t.id = a.trial_id
         JOIN sweeps s ON s.id = t.sweep_id
        WHERE a.state = 'ACTIVE' AND ${lost}
        ORDER BY a.lease_expires_at
        LIMIT $2
          FOR KEY SHARE OF s SKIP LOCKED
          FOR NO KEY UPDATE OF t, a SKIP LOCKED
     ), ended AS (
       UPDATE attempts a SET state = 'LOST', finished_at = now()
         FROM lost WHERE a.trial_id = lost.trial_id AND a.number = lost.number
     ), moved AS (
       UPDATE trials t
          SET losses = lost.losses,
              available_at = now(),
              state = CASE WHEN lost.over THEN 'CANCELLED' WHEN lost.losses >= $1 THEN 'FAILED' ELSE 'QUEUED'
                      END::"TrialState",
              finished_at = CASE WHEN lost.over OR lost.losses >= $1 THEN now() END,
              failure_kind = CASE WHEN NOT lost.over AND lost.losses >= $1 THEN 'LOST' ELSE t.failure_kind END,
              failure_message = CASE WHEN NOT lost.over AND lost.losses >= $1
                                     THEN format('Its worker was lost %s times', lost.losses)
                                     ELSE t.failure_message END
         FROM lost WHERE t.id = lost.trial_id
     )
     SELECT trial_id AS "trialId", number AS attempt FROM lost`,
    workers === null ? [maxLostAttempts, batchSize] : [maxLostAttempts, batchSize, workers],
  );
}

/**
 * Marks workers as gone: the given ones, or all that nobody has heard of for ten minutes (their coordinator died with
 * them). A worker that is there after all is marked as attached by its next renewal or claim.
 *
 * Guarantee: none needed, the state of a worker decides nothing but what is shown.
 * Index: workers_pkey or workers_state_idx. Lock order: workers, skipping locked ones.
 */
export async function detachWorkers(query: Query, workers: readonly WorkerId[] | null): Promise<void> {
  const gone = workers === null ? `last_seen_at < now() - interval '10 minutes'` : 'id = ANY ($1)';
  await query(
    `WITH gone AS (
       SELECT id FROM workers WHERE state = 'ATTACHED' AND ${gone} FOR NO KEY UPDATE SKIP LOCKED
     )
     UPDATE workers w SET state = 'DETACHED' FROM gone WHERE w.id = gone.id`,
    workers === null ? [] : [workers],
  );
}
