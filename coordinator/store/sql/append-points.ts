import type { SweepId, TaskId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/**
 * Takes the right to add points to a task until the transaction ends.
 *
 * Guarantee: the sweep goes on (a cancel waits, FOR UPDATE) and the search is open; positions of the sweep are given out
 * by one transaction at a time. That nobody else has added the same ordinals is not decided here but by
 * UNIQUE(task, ordinal). It must be a statement of its own: what follows has to see what the one before has committed.
 * Index: sweeps_pkey, tasks_pkey. Lock order: sweep, as a claim does; task.
 * @returns the next free position; null where the search is over
 */
export async function lockSearch(query: Query, sweepId: SweepId, taskId: TaskId): Promise<number | null> {
  const locked = await query(`SELECT FROM sweeps WHERE id = $1 AND state IN ('PENDING', 'RUNNING') FOR NO KEY UPDATE`, [
    sweepId,
  ]);
  if (locked.length === 0) return null;
  const rows = await query<{ position: number }>(
    `SELECT (SELECT coalesce(max(position) + 1, 0) FROM trials WHERE sweep_id = $1) AS position
       FROM tasks WHERE id = $2 AND search_state = 'OPEN'
        FOR NO KEY UPDATE`,
    [sweepId, taskId],
  );
  return rows[0]?.position ?? null;
}

/**
 * Notes how far the search of a locked task is.
 *
 * Guarantee: with the lock above, the number of points is exact where the search is finished.
 * Index: tasks_pkey, points_task_id_ordinal_key. Lock order: task (held).
 */
export async function noteSearchStep(query: Query, taskId: TaskId, isFinished: boolean): Promise<void> {
  await query(
    `UPDATE tasks
        SET search_failure = NULL,
            search_state = CASE WHEN $2 THEN 'FINISHED' ELSE search_state END,
            planned_points = CASE WHEN $2 THEN (SELECT count(*) FROM points WHERE task_id = $1) ELSE planned_points END
      WHERE id = $1`,
    [taskId, isFinished],
  );
}

/**
 * Notes why an open search could not go on.
 *
 * Guarantee: none; the next success clears it. Index: tasks_pkey. Lock order: the task only.
 */
export async function noteSearchFailure(query: Query, taskId: TaskId, message: string): Promise<void> {
  await query(`UPDATE tasks SET search_failure = $2 WHERE id = $1 AND search_state = 'OPEN'`, [taskId, message]);
}
