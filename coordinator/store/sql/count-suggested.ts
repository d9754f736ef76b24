import type { SweepId, TaskId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/**
 * Points of each task that a strategy suggested after the submission.
 *
 * Guarantee: one snapshot. Index: tasks_sweep_id_ordinal_key; points_task_id_ordinal_key. Lock order: none.
 */
export async function countSuggested(query: Query, sweepId: SweepId): Promise<ReadonlyMap<TaskId, number>> {
  const rows = await query<{ taskId: TaskId; suggested: number }>(
    `SELECT p.task_id AS "taskId", count(p.step)::int AS suggested
       FROM points p JOIN tasks k ON k.id = p.task_id
      WHERE k.sweep_id = $1
      GROUP BY 1`,
    [sweepId],
  );
  return new Map(rows.map(({ taskId, suggested }) => [taskId, suggested]));
}

/**
 * Trials that the open searches of sweeps are to add.
 *
 * Guarantee: one snapshot. Index: tasks_sweep_id_ordinal_key; trials_task_id_state_idx. Lock order: none.
 */
export async function countTrialsToCome(
  query: Query,
  sweeps: readonly SweepId[],
): Promise<ReadonlyMap<SweepId, number>> {
  const rows = await query<{ sweepId: SweepId; trials: number }>(
    `SELECT s.id AS "sweepId",
            sum(k.planned_trials - (SELECT count(*) FROM trials t WHERE t.task_id = k.id))::int AS trials
       FROM sweeps s JOIN tasks k ON k.sweep_id = s.id
      WHERE s.id = ANY ($1) AND k.search_state = 'OPEN'
      GROUP BY s.id`,
    [sweeps],
  );
  return new Map(rows.map(({ sweepId, trials }) => [sweepId, trials]));
}
