import type { SweepId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/**
 * Gives sweeps whose trials are all final and whose searches are over their final state.
 *
 * Guarantee: final trials never change, and no trial is added where no search is open, so the answer cannot become wrong; each sweep is settled
 * by one caller.
 * Index: sweeps_state_idx; trials_sweep_id_state_position_idx (one probe per state and sweep);
 * tasks_sweep_id_ordinal_key.
 * Lock order: sweeps only, skipping those that are being claimed from or cancelled.
 */
export async function settleSweeps(query: Query): Promise<readonly SweepId[]> {
  const rows = await query<{ id: SweepId }>(
    `WITH settled AS (
       SELECT s.id FROM sweeps s
        WHERE s.state IN ('PENDING', 'RUNNING', 'PAUSED')
          AND NOT EXISTS (SELECT FROM trials t
                           WHERE t.sweep_id = s.id AND t.state IN ('QUEUED', 'RUNNING', 'WAITING'))
          AND NOT EXISTS (SELECT FROM tasks k WHERE k.sweep_id = s.id AND k.search_state = 'OPEN')
          FOR NO KEY UPDATE SKIP LOCKED
     )
     UPDATE sweeps s
        SET finished_at = now(),
            state = CASE WHEN EXISTS (SELECT FROM trials t WHERE t.sweep_id = s.id AND t.state = 'SUCCEEDED')
                         THEN 'COMPLETED'::"SweepState" ELSE 'FAILED' END
       FROM settled WHERE s.id = settled.id
     RETURNING s.id`,
  );
  return rows.map((row) => row.id);
}
