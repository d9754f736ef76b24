import type { TaskId } from '../../../core/ids.ts';
import type { StepRecord } from '../../../core/search/record.ts';
import type { SearchedTrial } from '../../../core/search/session.ts';
import type { Query } from '../database.ts';

export interface SearchPointRow {
  readonly ordinal: number;
  readonly cell: string;
  readonly params: Readonly<Record<string, number>>;
  readonly sources: readonly string[];
  readonly inSpace: boolean;
  /** In the order of the replicates: means must not depend on the order in which results came. */
  readonly trials: readonly SearchedTrial[];
}

/**
 * The steps of a task's search in their order.
 *
 * Guarantee: with `readSearchPoints` after it, points and results at least as new as the steps: where a step has been
 * stored in between, its ordinal is taken, and what is computed without it cannot be stored.
 * Index: search_steps_pkey. Lock order: none.
 */
export async function readSearchSteps(query: Query, taskId: TaskId): Promise<readonly StepRecord[]> {
  const rows = await query<{ record: StepRecord }>(
    'SELECT record FROM search_steps WHERE task_id = $1 ORDER BY ordinal',
    [taskId],
  );
  return rows.map(({ record }) => record);
}

/**
 * The points of a task in the order of suggestion, with what their trials gave; confirming trials are not the search's to
 * see.
 *
 * Guarantee: one snapshot, so that of two readers the one who sees a later point sees no earlier result.
 * Index: points_task_id_ordinal_key; trials_point_id_replicate_key. Lock order: none.
 */
export function readSearchPoints(query: Query, taskId: TaskId): Promise<readonly SearchPointRow[]> {
  return query<SearchPointRow>(
    `SELECT p.ordinal, p.cell, p.params, p.sources, p.in_space AS "inSpace",
            (SELECT coalesce(json_agg(json_build_object(
                      'state', CASE t.state WHEN 'QUEUED' THEN 'open' WHEN 'RUNNING' THEN 'open'
                                            WHEN 'WAITING' THEN 'waiting' WHEN 'SUCCEEDED' THEN 'succeeded'
                                            WHEN 'PRUNED' THEN 'stopped' ELSE 'failed' END,
                      'value', CASE WHEN t.state = 'SUCCEEDED' THEN t.selection_value END,
                      'pauses', CASE WHEN t.rung IS NOT NULL OR t.rung_values <> '[]'
                                     THEN json_build_object('rung', t.rung, 'values', t.rung_values) END)
                    ORDER BY t.replicate), '[]')
               FROM trials t WHERE t.point_id = p.id AND t.purpose = 'SEARCH') AS trials
       FROM points p
      WHERE p.task_id = $1
      ORDER BY p.ordinal`,
    [taskId],
  );
}
