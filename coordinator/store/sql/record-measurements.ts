import type { AttemptKey } from '../../../core/attempt.ts';
import type { Measurement } from '../../../core/measurement.ts';
import type { Query } from '../database.ts';

/**
 * Stores measurements of an attempt that holds its lease; a step that is there already stays as it is.
 *
 * Guarantee: fenced by (trial, attempt, ACTIVE); the lease cannot be taken away while they are written.
 * Index: attempts_pkey, measurements_pkey. Lock order: the attempt (SHARE), new measurements.
 * @returns whether the attempt owns its trial
 */
export async function recordMeasurements(
  query: Query,
  { trialId, attempt }: AttemptKey,
  measurements: readonly Measurement[],
): Promise<boolean> {
  const rows = await query<{ owned: boolean }>(
    `WITH owner AS (
       SELECT trial_id, number FROM attempts
        WHERE trial_id = $1 AND number = $2 AND state = 'ACTIVE'
          FOR SHARE
     ), recorded AS (
       INSERT INTO measurements (trial_id, attempt, step, "values")
       SELECT owner.trial_id, owner.number, m.step, m."values"
         FROM owner CROSS JOIN json_to_recordset($3) AS m (step int, "values" jsonb)
       ON CONFLICT DO NOTHING
     )
     SELECT EXISTS (SELECT FROM owner) AS owned`,
    // JSON has no NaN or infinity: they become null on the way, as they are to be stored.
    [trialId, attempt, JSON.stringify(measurements)],
  );
  return rows[0]!.owned;
}
