import type { AttemptKey } from '../../../core/attempt.ts';
import type { TrialId, WorkerId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

export interface RenewedLease extends AttemptKey {
  /** False where the attempt is not (or no longer) this worker's. */
  readonly held: boolean;
  readonly cancelled: boolean;
}

/**
 * Extends the leases that a worker still holds and marks the worker as seen.
 *
 * Guarantee: a lease holds until it is taken away (state LOST), not until its time is over: before that nobody else can
 * have the trial, and a worker that comes back after an outage goes on.
 * Index: attempts_pkey, trials_pkey, sweeps_pkey, workers_pkey.
 * Lock order: attempts by trial id; the worker's row. Nothing else is locked after them.
 */
export async function renewLeases(
  query: Query,
  renewal: { readonly workerId: WorkerId; readonly attempts: readonly AttemptKey[]; readonly leaseMs: number },
): Promise<readonly RenewedLease[]> {
  const { workerId, attempts, leaseMs } = renewal;
  return query<{ trialId: TrialId; attempt: number; held: boolean; cancelled: boolean }>(
    `WITH seen AS (
       UPDATE workers SET last_seen_at = now(), state = 'ATTACHED' WHERE id = $1
     ), asked AS (
       SELECT * FROM unnest($2::uuid[], $3::int[]) AS asked (trial_id, number)
     ), held AS (
       SELECT a.trial_id, a.number FROM attempts a JOIN asked USING (trial_id, number)
        WHERE a.worker_id = $1 AND a.state = 'ACTIVE'
        ORDER BY a.trial_id
          FOR NO KEY UPDATE OF a
     ), renewed AS (
       UPDATE attempts a SET lease_expires_at = clock_timestamp() + $4 * interval '1 millisecond'
         FROM held WHERE a.trial_id = held.trial_id AND a.number = held.number
       RETURNING a.trial_id, a.number
     )
     SELECT asked.trial_id AS "trialId", asked.number AS attempt, renewed.trial_id IS NOT NULL AS held,
            coalesce(s.state = 'CANCELLED', false) AS cancelled
       FROM asked
       LEFT JOIN renewed USING (trial_id, number)
       LEFT JOIN trials t ON t.id = asked.trial_id
       LEFT JOIN sweeps s ON s.id = t.sweep_id`,
    [workerId, attempts.map((key) => key.trialId), attempts.map((key) => key.attempt), leaseMs],
  );
}
