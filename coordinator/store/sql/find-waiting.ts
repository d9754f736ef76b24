import type { SweepId, TaskId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/** A task with trials that wait at a rung. */
export interface WaitingTask {
  readonly sweepId: SweepId;
  readonly taskId: TaskId;
  /** Points that it will have in the end, as far as is known. */
  readonly plannedPoints: number;
  /** True where its search may add points. */
  readonly isSearching: boolean;
}

/**
 * Tasks of the active sweeps that have trials to decide about.
 *
 * Guarantee: one snapshot, without locks; `movePoints` decides.
 * Index: sweeps_state_idx; tasks_sweep_id_ordinal_key; trials_task_id_state_idx. Lock order: none.
 */
export function findWaiting(query: Query): Promise<readonly WaitingTask[]> {
  return query<WaitingTask>(
    `SELECT s.id AS "sweepId", k.id AS "taskId", k.planned_points AS "plannedPoints",
            k.search_state = 'OPEN' AS "isSearching"
       FROM sweeps s JOIN tasks k ON k.sweep_id = s.id
      WHERE s.state IN ('PENDING', 'RUNNING', 'PAUSED')
        AND EXISTS (SELECT FROM trials t WHERE t.task_id = k.id AND t.state = 'WAITING')
      ORDER BY s.sequence, k.ordinal`,
  );
}
