import type { TrialId } from '../../../core/ids.ts';
import type { Measurement } from '../../../core/measurement.ts';
import type { Query } from '../database.ts';

/**
 * The curve of a trial over all its attempts, by step. An attempt goes on from a step or starts again, and from the
 * first step that it reports its values stand in the place of earlier ones.
 *
 * Guarantee: one row per step, each of the latest attempt that came to it.
 * Index: measurements_pkey, one range per trial and for the first step of each attempt. Locks: none.
 */
export function readMeasurements(query: Query, trialId: TrialId): Promise<readonly Measurement[]> {
  return query<{ step: number; values: Measurement['values'] }>(
    `SELECT m.step, m."values" FROM measurements m
      WHERE m.trial_id = $1
        AND NOT EXISTS (SELECT FROM measurements later
                         WHERE later.trial_id = m.trial_id AND later.attempt > m.attempt AND later.step <= m.step)
      ORDER BY m.step`,
    [trialId],
  );
}
