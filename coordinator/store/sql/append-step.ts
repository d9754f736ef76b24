import type { SweepId, TaskId } from '../../../core/ids.ts';
import type { StepRecord, StopFinding } from '../../../core/search/record.ts';
import type { Query } from '../database.ts';

/**
 * Takes the right to add a step to the search of a task until the transaction ends.
 *
 * Guarantee: the sweep goes on (a cancel waits, FOR UPDATE) and the search is open; positions of the sweep are given out
 * by one transaction at a time. That nobody else has added the same step is not decided here but by
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
 * Stores what a step decided.
 *
 * Guarantee: UNIQUE(task, ordinal): a unique violation where another has stored this step.
 * Index: search_steps_pkey. Lock order: new row only.
 */
export async function insertStep(query: Query, taskId: TaskId, ordinal: number, record: StepRecord): Promise<void> {
  await query('INSERT INTO search_steps (task_id, ordinal, record) VALUES ($1, $2, $3)', [
    taskId,
    ordinal,
    JSON.stringify(record),
  ]);
}

/**
 * Points of a task by ordinal.
 *
 * Guarantee: none; points never change. Index: points_task_id_ordinal_key. Lock order: none.
 */
export async function findPointIds(
  query: Query,
  taskId: TaskId,
  ordinals: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const rows = await query<{ id: string; ordinal: number }>(
    'SELECT id, ordinal FROM points WHERE task_id = $1 AND ordinal = ANY ($2)',
    [taskId, ordinals],
  );
  return new Map(rows.map(({ id, ordinal }) => [ordinal, id]));
}

/** How far a search is after a step. */
export interface SearchProgressNote {
  readonly isFinished: boolean;
  readonly stop: StopFinding | null;
  /** Trials that will follow, where the step tells: the search is finished or stopped. */
  readonly trialsToCome: number | null;
}

/**
 * Notes how far the search of a locked task is.
 *
 * Guarantee: with the lock above, the numbers of points and trials are exact where nothing more will be chosen.
 * Index: tasks_pkey, points_task_id_ordinal_key, trials_task_id_state_idx. Lock order: task (held).
 */
export async function noteSearchStep(
  query: Query,
  taskId: TaskId,
  { isFinished, stop, trialsToCome }: SearchProgressNote,
): Promise<void> {
  await query(
    `UPDATE tasks
        SET search_failure = NULL,
            search_state = CASE WHEN $2 THEN 'FINISHED' ELSE search_state END,
            search_stop = coalesce($3, search_stop),
            planned_points = CASE WHEN $4::int IS NULL THEN planned_points
                                  ELSE (SELECT count(*) FROM points WHERE task_id = $1) END,
            planned_trials = CASE WHEN $4 IS NULL THEN planned_trials
                                  ELSE $4 + (SELECT count(*) FROM trials WHERE task_id = $1) END
      WHERE id = $1`,
    [taskId, isFinished, stop === null ? null : JSON.stringify(stop), trialsToCome],
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
