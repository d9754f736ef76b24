import type { SweepId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/**
 * Datasets that queued trials of a sweep need and no attached worker has, by the rule of `findClaimable`.
 *
 * Guarantee: one snapshot. Index: tasks_sweep_id_ordinal_key, trials_task_id_state_idx. Lock order: none.
 */
export async function findUnmetNeeds(
  query: Query,
  sweepId: SweepId,
): Promise<{ readonly datasets: readonly string[]; readonly attachedWorkers: number }> {
  const rows = await query<{ datasets: string[]; attachedWorkers: number }>(
    `SELECT (SELECT count(*)::int FROM workers WHERE state = 'ATTACHED') AS "attachedWorkers",
            ARRAY (
              SELECT DISTINCT k.dataset
                FROM tasks k
                JOIN sweeps s ON s.id = k.sweep_id
               WHERE s.id = $1 AND s.state IN ('PENDING', 'RUNNING')
                 AND k.definition #>> '{run,kind}' <> 'noop'
                 AND EXISTS (SELECT FROM trials t WHERE t.task_id = k.id AND t.state = 'QUEUED')
                 AND NOT EXISTS (SELECT FROM workers w WHERE w.state = 'ATTACHED' AND k.dataset = ANY (w.datasets))
               ORDER BY 1
            ) AS datasets`,
    [sweepId],
  );
  return rows[0]!;
}
