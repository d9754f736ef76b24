import type { SweepId, TaskId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/** A task of a sweep that has an open search, its own or another task's. */
export interface SearchLoadRow {
  readonly sweepId: SweepId;
  readonly maxParallel: number;
  /** Trials that every new point gets. */
  readonly replicates: number;
  /** Slots of attached workers that can run any task of the sweep. */
  readonly sweepSlots: number;
  readonly taskId: TaskId;
  readonly isSearching: boolean;
  /** Steps of its search so far. */
  readonly steps: number;
  /** Trials of the task that occupy slots or wait for one; those that wait at a rung do not. */
  readonly openTrials: number;
  /** Slots of attached workers that can run the task, by the rule of `findClaimable`. */
  readonly slots: number;
}

/**
 * All tasks of the active sweeps that have an open search, by sweep and place.
 *
 * Guarantee: one snapshot, without locks; `appendStep` decides.
 * Index: sweeps_state_idx; tasks_sweep_id_ordinal_key; search_steps_pkey; trials_task_id_state_idx.
 * Lock order: none.
 */
export function findSearches(query: Query): Promise<readonly SearchLoadRow[]> {
  return query<SearchLoadRow>(
    `WITH task AS (
       SELECT s.id AS sweep_id, s.sequence, s.max_parallel,
              coalesce(s.spec #>> '{replicates,min}', s.spec ->> 'replicates')::int AS replicates,
              k.id, k.ordinal, k.dataset, k.search_state, k.definition #>> '{run,kind}' = 'noop' AS is_noop
         FROM sweeps s JOIN tasks k ON k.sweep_id = s.id
        WHERE s.state IN ('PENDING', 'RUNNING')
          AND EXISTS (SELECT FROM tasks o WHERE o.sweep_id = s.id AND o.search_state = 'OPEN')
     )
     SELECT task.sweep_id AS "sweepId", task.max_parallel AS "maxParallel", task.replicates,
            (SELECT coalesce(sum(w.slots), 0)::int FROM workers w
              WHERE w.state = 'ATTACHED'
                AND EXISTS (SELECT FROM task o WHERE o.sweep_id = task.sweep_id
                                                 AND (o.is_noop OR o.dataset = ANY (w.datasets)))) AS "sweepSlots",
            task.id AS "taskId", task.search_state = 'OPEN' AS "isSearching",
            (SELECT count(*)::int FROM search_steps e WHERE e.task_id = task.id) AS steps,
            (SELECT count(*)::int FROM trials t
              WHERE t.task_id = task.id AND t.state IN ('QUEUED', 'RUNNING')) AS "openTrials",
            (SELECT coalesce(sum(w.slots), 0)::int FROM workers w
              WHERE w.state = 'ATTACHED' AND (task.is_noop OR task.dataset = ANY (w.datasets))) AS slots
       FROM task
      ORDER BY task.sequence, task.ordinal`,
  );
}
