import type { SweepId, TaskId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/**
 * Number of trials of a locked sweep that workers hold.
 *
 * Guarantee: with `lockSweepAgainstAll` it stays so until the transaction ends.
 * Index: trials_sweep_id_state_position_idx. Lock order: sweep (held).
 */
export async function countRunning(query: Query, sweepId: SweepId): Promise<number> {
  const rows = await query<{ running: number }>(
    `SELECT count(*)::int AS running FROM trials WHERE sweep_id = $1 AND state = 'RUNNING'`,
    [sweepId],
  );
  return rows[0]!.running;
}

/**
 * Queues all trials of a locked sweep that ended in a state once more, as if they had not been tried: retries and lost
 * workers are counted anew. The attempt number goes on, so that what an earlier attempt still sends stays refused.
 *
 * Guarantee: with `lockSweepAgainstAll`, a trial is queued by one caller, and nobody claims or ends it meanwhile.
 * Index: trials_sweep_id_state_position_idx. Lock order: sweep (held), trials.
 */
export async function queueAgain(
  query: Query,
  sweepId: SweepId,
  state: 'FAILED' | 'CANCELLED',
): Promise<readonly { readonly taskId: TaskId; readonly trials: number }[]> {
  return query<{ taskId: TaskId; trials: number }>(
    `WITH queued AS (
       UPDATE trials
          SET state = 'QUEUED', failures = 0, losses = 0, rerun_after = attempt, available_at = now(),
              finished_at = NULL, failure_kind = NULL, failure_message = NULL
        WHERE sweep_id = $1 AND state = $2::"TrialState"
       RETURNING task_id
     )
     SELECT task_id AS "taskId", count(*)::int AS trials FROM queued GROUP BY 1`,
    [sweepId, state],
  );
}

/**
 * Lets the searches of a locked sweep go on that a cancellation stopped.
 *
 * Guarantee: with `lockSweepAgainstAll`, the points to come are those that were planned and not chosen.
 * Index: tasks_sweep_id_ordinal_key; points_task_id_ordinal_key. Lock order: sweep (held), tasks.
 */
export async function openSearches(
  query: Query,
  sweepId: SweepId,
): Promise<readonly { readonly taskId: TaskId; readonly points: number }[]> {
  return query<{ taskId: TaskId; points: number }>(
    `UPDATE tasks k SET search_state = 'OPEN'
      WHERE sweep_id = $1 AND search_state = 'STOPPED'
     RETURNING id AS "taskId", planned_points - (SELECT count(*)::int FROM points p WHERE p.task_id = k.id) AS points`,
    [sweepId],
  );
}

/**
 * Makes a locked sweep that is over RUNNING, or PENDING where it never ran. Its start moves by the time that it was over,
 * so that what is told of its duration and of the time left is about the time that it ran.
 *
 * Guarantee: an active sweep stays as it is. Index: sweeps_pkey. Lock order: sweep (held).
 */
export async function takeUpSweep(query: Query, sweepId: SweepId): Promise<void> {
  await query(
    `UPDATE sweeps
        SET state = CASE WHEN started_at IS NULL THEN 'PENDING' ELSE 'RUNNING' END::"SweepState",
            started_at = started_at + (now() - finished_at),
            finished_at = NULL
      WHERE id = $1 AND state IN ('COMPLETED', 'CANCELLED', 'FAILED')`,
    [sweepId],
  );
}
