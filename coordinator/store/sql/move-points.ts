import type { PointMove } from '../../../core/earlystop/moves.ts';
import type { SweepId, TaskId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/**
 * Locks a sweep against a cancellation, to move its waiting trials.
 *
 * Guarantee: until the transaction ends the sweep stays as it is; claims and ends of trials go on.
 * Index: sweeps_pkey. Lock order: sweep (KEY SHARE) first.
 * @returns false where the sweep is over
 */
export async function lockSweepToMove(query: Query, sweepId: SweepId): Promise<boolean> {
  const rows = await query(
    `SELECT FROM sweeps WHERE id = $1 AND state IN ('PENDING', 'RUNNING', 'PAUSED') FOR KEY SHARE`,
    [sweepId],
  );
  return rows.length > 0;
}

/**
 * Moves the waiting trials of points in a locked sweep: on towards the next rung, or to their end here.
 *
 * Guarantee: fenced by (WAITING, rung): of two that decide about a point the first one does, about all of its trials.
 * Index: points_task_id_ordinal_key, trials_point_id_replicate_key. Lock order: sweep (held), trials by id.
 */
export async function movePoints(
  query: Query,
  taskId: TaskId,
  moves: readonly PointMove[],
): Promise<readonly number[]> {
  const rows = await query<{ ordinal: number }>(
    `WITH picked AS (
       SELECT t.id, m.ordinal, m.next, m.stops
         FROM json_to_recordset($2) AS m (ordinal int, rung int, next int, stops boolean)
         JOIN points p ON p.task_id = $1 AND p.ordinal = m.ordinal
         JOIN trials t ON t.point_id = p.id AND t.state = 'WAITING' AND t.rung = m.rung
        ORDER BY t.id
          FOR NO KEY UPDATE OF t
     ), moved AS (
       UPDATE trials t
          SET state = CASE WHEN stops THEN 'PRUNED' ELSE 'QUEUED' END::"TrialState",
              rung = CASE WHEN stops THEN t.rung ELSE next END,
              available_at = now(),
              finished_at = CASE WHEN stops THEN now() END
         FROM picked WHERE t.id = picked.id
       RETURNING ordinal
     )
     SELECT DISTINCT ordinal FROM moved ORDER BY ordinal`,
    [taskId, JSON.stringify(moves)],
  );
  return rows.map(({ ordinal }) => ordinal);
}
