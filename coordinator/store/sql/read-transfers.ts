import type { SweepId, TaskId } from '../../../core/ids.ts';
import type { TransferSource, TransferTrace } from '../../../core/search/transfer.ts';
import type { Query } from '../database.ts';

export interface TransferRow {
  readonly taskId: TaskId;
  /** The most alike first. */
  readonly sources: readonly Omit<TransferSource, 'points'>[];
  /** Of the latest suggestion; null before the first. */
  readonly trace: TransferTrace | null;
}

/**
 * What finished tasks count for in the searches of a sweep, as of their latest suggestions.
 *
 * Guarantee: one snapshot. Index: tasks_sweep_id_ordinal_key; transfer_sources_pkey; search_steps_pkey.
 * Lock order: none.
 */
export function readTransfers(query: Query, sweepId: SweepId): Promise<readonly TransferRow[]> {
  return query<TransferRow>(
    `SELECT k.id AS "taskId",
            json_agg(json_build_object('sweepId', f.source_sweep_id, 'taskId', f.source_task_id,
                                       'dataset', f.dataset, 'objective', f.objective) ORDER BY f.ordinal) AS sources,
            (SELECT point -> 'trace' -> 'transfer'
               FROM search_steps e CROSS JOIN LATERAL jsonb_array_elements(e.record -> 'points') point
              WHERE e.task_id = k.id
              ORDER BY e.ordinal DESC, (point ->> 'ordinal')::int DESC LIMIT 1) AS trace
       FROM tasks k JOIN transfer_sources f ON f.task_id = k.id
      WHERE k.sweep_id = $1
      GROUP BY k.id`,
    [sweepId],
  );
}
