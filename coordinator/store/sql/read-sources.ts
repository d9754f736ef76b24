import type { TaskSources } from '../../../core/api/sweep.ts';
import type { SweepId, TaskId } from '../../../core/ids.ts';
import type { TransferSource } from '../../../core/search/transfer.ts';
import type { Query } from '../database.ts';

const source = `json_build_object('sweepId', f.source_sweep_id, 'taskId', f.source_task_id,
                                  'dataset', f.dataset, 'objective', f.objective, 'points', f.points)`;

/**
 * The finished tasks that a search starts from, the most alike first.
 *
 * Guarantee: they never change. Index: transfer_sources_pkey. Lock order: none.
 */
export async function readSources(query: Query, taskId: TaskId): Promise<readonly TransferSource[]> {
  const rows = await query<{ source: TransferSource }>(
    `SELECT ${source} AS source FROM transfer_sources f WHERE f.task_id = $1 ORDER BY f.ordinal`,
    [taskId],
  );
  return rows.map((row) => row.source);
}

/**
 * The same of the tasks of a sweep that have some, behind the one at `after`.
 *
 * Guarantee: they never change. Index: tasks_sweep_id_ordinal_key; transfer_sources_pkey. Lock order: none.
 */
export function listSources(
  query: Query,
  { sweep, after, limit }: { readonly sweep: SweepId; readonly after: number | null; readonly limit: number },
): Promise<readonly (TaskSources & { readonly ordinal: number })[]> {
  return query(
    `SELECT k.id AS "taskId", k.ordinal, json_agg(${source} ORDER BY f.ordinal) AS sources
       FROM tasks k JOIN transfer_sources f ON f.task_id = k.id
      WHERE k.sweep_id = $1 AND k.ordinal > $2
      GROUP BY k.id, k.ordinal
      ORDER BY k.ordinal
      LIMIT $3`,
    [sweep, after ?? -1, limit],
  );
}
