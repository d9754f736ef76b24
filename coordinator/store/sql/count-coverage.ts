import type { CountedRows } from '../../../core/coverage.ts';
import type { SweepId, TaskId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/** Trials without a result that are listed per task. */
const listed = 5;

export type CoverageRow = CountedRows & { readonly taskId: TaskId };

/**
 * What each task of a sweep has of what it planned, in the order of the tasks. Duplicates are looked for among the accepted
 * attempts and the texts of the cells, and not taken from the constraints that forbid them.
 *
 * Guarantee: one snapshot.
 * Index: trials_sweep_id_state_position_idx; points_pkey; attempts_pkey; for what is missing trials_task_id_state_idx.
 * Lock order: none.
 */
export function countCoverage(query: Query, sweepId: SweepId): Promise<readonly CoverageRow[]> {
  return query<CoverageRow>(
    `WITH pair AS (
       SELECT t.task_id, p.cell, count(*) FILTER (WHERE t.state = 'SUCCEEDED') AS succeeded,
              count(*) FILTER (WHERE t.state = 'FAILED') AS failed,
              count(*) FILTER (WHERE t.state = 'PRUNED') AS pruned,
              count(*) FILTER (WHERE t.state = 'CANCELLED') AS cancelled,
              count(*) FILTER (WHERE t.state IN ('QUEUED', 'RUNNING', 'WAITING')) AS open
         FROM trials t JOIN points p ON p.id = t.point_id
        WHERE t.sweep_id = $1
        GROUP BY t.task_id, p.cell, t.replicate
     ), cell AS (
       SELECT task_id, sum(succeeded + pruned) > 0 AS is_covered, count(*) FILTER (WHERE succeeded > 0) AS pairs,
              sum(succeeded) AS succeeded, sum(failed) AS failed, sum(pruned) AS pruned, sum(cancelled) AS cancelled,
              sum(open) AS open
         FROM pair GROUP BY task_id, cell
     ), counted AS (
       SELECT task_id, count(*) FILTER (WHERE is_covered)::int AS "coveredCells", sum(pairs)::int AS pairs,
              sum(succeeded)::int AS succeeded, sum(failed)::int AS failed, sum(pruned)::int AS pruned,
              sum(cancelled)::int AS cancelled, sum(open)::int AS open
         FROM cell GROUP BY task_id
     ), attempted AS (
       SELECT t.task_id, count(*) FILTER (WHERE a.state = 'SUCCEEDED' AND t.state = 'SUCCEEDED')::int AS accepted,
              count(*) FILTER (WHERE a.state = 'FAILED')::int AS failed,
              count(*) FILTER (WHERE a.state IN ('LOST', 'REFUSED'))::int AS lost
         FROM trials t JOIN attempts a ON a.trial_id = t.id
        WHERE t.sweep_id = $1
        GROUP BY t.task_id
     )
     SELECT k.id AS "taskId", k.search_state = 'STOPPED' AS "isStopped",
            CASE WHEN k.search_state IN ('OPEN', 'STOPPED') THEN k.planned_points ELSE own.points
            END AS "plannedPoints",
            CASE WHEN k.search_state IN ('OPEN', 'STOPPED') THEN k.planned_trials ELSE own.trials
            END AS "plannedTrials",
            coalesce(c."coveredCells", 0) AS "coveredCells", coalesce(c.succeeded, 0) AS succeeded,
            coalesce(c.failed, 0) AS failed, coalesce(c.pruned, 0) AS pruned, coalesce(c.cancelled, 0) AS cancelled,
            coalesce(c.open, 0) AS open, coalesce(a.accepted - c.pairs, 0) AS duplicates,
            coalesce(a.failed, 0) AS "failedAttempts", coalesce(a.lost, 0) AS "lostAttempts",
            (SELECT coalesce(json_agg(lacking), '[]')
               FROM (SELECT p.cell, t.replicate, t.state
                       FROM trials t JOIN points p ON p.id = t.point_id
                      WHERE t.task_id = k.id AND t.state IN ('FAILED', 'CANCELLED')
                      ORDER BY p.ordinal, t.replicate
                      LIMIT $2) lacking) AS missing
       FROM tasks k
       LEFT JOIN counted c ON c.task_id = k.id
       LEFT JOIN attempted a ON a.task_id = k.id
       CROSS JOIN LATERAL (
            SELECT (SELECT count(*)::int FROM points p WHERE p.task_id = k.id) AS points,
                   (SELECT count(*)::int FROM trials t WHERE t.task_id = k.id) AS trials
       ) own
      WHERE k.sweep_id = $1
      ORDER BY k.ordinal`,
    [sweepId, listed],
  );
}
