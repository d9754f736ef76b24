import type { TransferSource } from '../../../core/search/transfer.ts';
import type { TaskDefinition } from '../../../core/task.ts';
import type { Query } from '../database.ts';

/** Twice as many as are kept: some will not have enough points on the axes that are wanted. */
const candidates = 32;

/**
 * Tasks all of whose trials have ended, with the same kind of objective and scale, protocol, metric, part that points
 * are compared on, and kind of run: those of the same dataset first, of the same pair next, then the latest.
 *
 * Guarantee: one snapshot. A point is there if a trial of it has succeeded.
 * Index: all tasks are looked at, by tasks_pkey; trials_task_id_state_idx, points_task_id_ordinal_key. Lock order: none.
 */
export function findFinishedTasks(query: Query, alike: TaskDefinition): Promise<readonly TransferSource[]> {
  const { dataset, protocol, metric, selectOn, objective, run, teacher, student } = alike;
  return query<TransferSource>(
    `SELECT k.sweep_id AS "sweepId", k.id AS "taskId", k.dataset, k.objective,
            (SELECT coalesce(json_agg(json_build_object('params', p.params, 'value', r.value, 'count', r.count)
                                      ORDER BY p.ordinal), '[]')
               FROM points p
               JOIN LATERAL (SELECT avg(t.selection_value) AS value, count(*) AS count
                               FROM trials t WHERE t.point_id = p.id AND t.state = 'SUCCEEDED') r ON r.count > 0
              WHERE p.task_id = k.id) AS points
       FROM tasks k JOIN sweeps s ON s.id = k.sweep_id
      WHERE k.objective = $1 AND k.definition -> 'objective' -> 'scale' IS NOT DISTINCT FROM $2::jsonb
        AND k.protocol = $3 AND k.metric = $4 AND k.definition ->> 'selectOn' = $5
        AND k.definition -> 'run' ->> 'kind' = $6 AND k.search_state <> 'OPEN'
        AND NOT EXISTS (SELECT FROM trials t WHERE t.task_id = k.id AND t.state IN ('QUEUED', 'RUNNING', 'WAITING'))
        AND EXISTS (SELECT FROM trials t WHERE t.task_id = k.id AND t.state = 'SUCCEEDED')
      ORDER BY k.dataset = $7 DESC, (k.student = $8 AND k.teacher IS NOT DISTINCT FROM $9) DESC,
               s.sequence DESC, k.ordinal
      LIMIT ${candidates}`,
    [
      ...[objective.kind, 'scale' in objective ? JSON.stringify(objective.scale) : null, protocol, metric, selectOn],
      ...[run.kind, dataset, student.model, teacher?.model ?? null],
    ],
  );
}
