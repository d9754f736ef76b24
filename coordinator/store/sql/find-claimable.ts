import type { SweepId, TaskId, WorkerId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

export interface ClaimableSweep {
  readonly sweepId: SweepId;
  /** Tasks with trials that this worker can run now. */
  readonly taskIds: readonly TaskId[];
}

/**
 * Sweeps that have something for a worker, in the order in which they are served: priority, then age. Marks the worker
 * as seen.
 *
 * Guarantee: none, it is a look without locks; `claimTrials` decides. Empty for an unknown worker.
 * Index: sweeps_state_idx; tasks_sweep_id_ordinal_key; trials_task_id_state_idx; trials_sweep_id_state_position_idx.
 * Lock order: the worker's row only, at most every 5 s.
 */
export async function findClaimable(query: Query, workerId: WorkerId): Promise<readonly ClaimableSweep[]> {
  return query<{ sweepId: SweepId; taskIds: TaskId[] }>(
    `WITH seen AS (
       UPDATE workers SET last_seen_at = now(), state = 'ATTACHED'
        WHERE id = $1 AND (state <> 'ATTACHED' OR last_seen_at < now() - interval '5 seconds')
     )
     SELECT s.id AS "sweepId", array_agg(k.id) AS "taskIds"
       FROM sweeps s
       JOIN tasks k ON k.sweep_id = s.id
       JOIN workers w ON w.id = $1
      WHERE s.state IN ('PENDING', 'RUNNING')
        AND (k.dataset = ANY (w.datasets) OR k.definition #>> '{run,kind}' = 'noop')
        AND EXISTS (SELECT FROM trials t
                     WHERE t.task_id = k.id AND t.state = 'QUEUED' AND t.available_at <= now())
        AND s.max_parallel > (SELECT count(*) FROM trials t WHERE t.sweep_id = s.id AND t.state = 'RUNNING')
      GROUP BY s.id
      ORDER BY s.priority DESC, s.sequence`,
    [workerId],
  );
}
