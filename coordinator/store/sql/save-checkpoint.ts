import type { AttemptKey } from '../../../core/attempt.ts';
import type { CheckpointRef } from '../../../core/checkpoint.ts';
import type { TrialId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/** Whether the attempt holds its lease. Guarantee: none beyond the moment. Index: attempts_pkey. Locks: none. */
export async function ownsTrial(query: Query, { trialId, attempt }: AttemptKey): Promise<boolean> {
  const rows = await query(`SELECT FROM attempts WHERE trial_id = $1 AND number = $2 AND state = 'ACTIVE'`, [
    trialId,
    attempt,
  ]);
  return rows.length > 0;
}

export interface SavedCheckpoint {
  /** False where the attempt no longer owns its trial, or has saved a later step. */
  readonly saved: boolean;
  /** Content of the checkpoint that was there before; null = none. */
  readonly former: string | null;
}

/**
 * Makes a content the checkpoint of its trial.
 *
 * Guarantee: fenced by (trial, attempt, ACTIVE), and the lease cannot be taken away meanwhile; a step never replaces a
 * later one of the same attempt.
 * Index: attempts_pkey, checkpoints_pkey. Lock order: the attempt (SHARE), the trial (KEY SHARE, by the foreign key,
 * which waits for nobody who ends attempts), the checkpoint.
 */
export async function saveCheckpoint(
  query: Query,
  { trialId, attempt }: AttemptKey,
  { step, sha256, sizeBytes }: CheckpointRef,
): Promise<SavedCheckpoint> {
  const rows = await query<{ saved: boolean; former: string | null }>(
    `WITH owner AS (
       SELECT trial_id, number FROM attempts
        WHERE trial_id = $1 AND number = $2 AND state = 'ACTIVE'
          FOR SHARE
     ), saved AS (
       INSERT INTO checkpoints AS present (trial_id, attempt, step, sha256, size_bytes)
       SELECT trial_id, number, $3, $4, $5 FROM owner
       ON CONFLICT (trial_id) DO UPDATE
          SET attempt = excluded.attempt, step = excluded.step, sha256 = excluded.sha256,
              size_bytes = excluded.size_bytes, created_at = now()
        WHERE (present.attempt, present.step) <= (excluded.attempt, excluded.step)
       RETURNING trial_id
     )
     SELECT EXISTS (SELECT FROM saved) AS saved, (SELECT sha256 FROM checkpoints WHERE trial_id = $1) AS former`,
    [trialId, attempt, step, sha256, sizeBytes],
  );
  return rows[0]!;
}

/** The content that a trial can go on from; null = none. Index: checkpoints_pkey. Locks: none. */
export async function findCheckpoint(query: Query, trialId: TrialId): Promise<string | null> {
  const rows = await query<{ sha256: string }>('SELECT sha256 FROM checkpoints WHERE trial_id = $1', [trialId]);
  return rows[0]?.sha256 ?? null;
}

/**
 * Forgets the checkpoints of trials that are over and tells what content they named.
 *
 * Guarantee: none of them is needed; where a rerun takes such a trial up again, it starts anew.
 * Index: trials_pkey, for each of the checkpoints, of which there are about as many as trials that run or wait.
 * Lock order: checkpoints only.
 */
export async function forgetCheckpoints(query: Query): Promise<readonly string[]> {
  const rows = await query<{ sha256: string }>(
    `DELETE FROM checkpoints c USING trials t
      WHERE t.id = c.trial_id AND t.state IN ('SUCCEEDED', 'FAILED', 'PRUNED', 'CANCELLED')
     RETURNING c.sha256`,
  );
  return rows.map(({ sha256 }) => sha256);
}

/** Those of the contents that no checkpoint names. Index: none, checkpoints are few. Locks: none. */
export async function findUnnamed(query: Query, contents: readonly string[]): Promise<readonly string[]> {
  const rows = await query<{ sha256: string }>(
    'SELECT sha256 FROM unnest($1::text[]) AS sha256 WHERE sha256 NOT IN (SELECT sha256 FROM checkpoints)',
    [contents],
  );
  return rows.map(({ sha256 }) => sha256);
}
