import type { TrialId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/**
 * Keeps what a trial that pauses gave at its rung: the value that it would have reported had it ended there (of the last
 * or of the best epoch, as its task wants), and the mean over its epochs. Null where it reported none. Where a rerun
 * brought it there again, what it gave now counts.
 *
 * Guarantee: with the locks of `lockAttempt`, its measurements are all there: they are sent before the outcome.
 * Index: trials_pkey, tasks_pkey, measurements_pkey. Lock order: trial (held).
 */
export async function recordRung(query: Query, trialId: TrialId): Promise<void> {
  await query(
    `WITH curve AS (
       SELECT m.step, (m."values" ->> 'selection')::float8 AS value
         FROM measurements m
        WHERE m.trial_id = $1 AND m.step <= (SELECT rung FROM trials WHERE id = $1)
          AND NOT EXISTS (SELECT FROM measurements later
                           WHERE later.trial_id = m.trial_id AND later.attempt > m.attempt AND later.step <= m.step)
     )
     UPDATE trials t
        SET rung_values = jsonb_path_query_array(t.rung_values, '$[*] ? (@.epoch < $rung)',
                                                 jsonb_build_object('rung', t.rung))
            || jsonb_build_object(
              'epoch', t.rung,
              'value', CASE k.definition ->> 'checkpoint' WHEN 'best' THEN (SELECT max(value) FROM curve)
                            ELSE (SELECT value FROM curve WHERE step = t.rung) END,
              'mean', (SELECT avg(value) FROM curve))
       FROM tasks k WHERE t.id = $1 AND k.id = t.task_id`,
    [trialId],
  );
}
