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
    `WITH trial AS (
       SELECT t.task_id, t.state, t.replicate, p.cell,
              count(*) FILTER (WHERE a.state = 'SUCCEEDED') AS accepted,
              count(*) FILTER (WHERE a.state = 'FAILED') AS failed,
              count(*) FILTER (WHERE a.state IN ('LOST', 'REFUSED')) AS lost
         FROM trials t
         JOIN points p ON p.id = t.point_id
         LEFT JOIN attempts a ON a.trial_id = t.id
        WHERE t.sweep_id = $1
        GROUP BY t.id, p.cell
     ), counted AS (
       SELECT task_id,
              count(DISTINCT cell) FILTER (WHERE state IN ('SUCCEEDED', 'PRUNED'))::int AS "coveredCells",
              count(*) FILTER (WHERE state = 'SUCCEEDED')::int AS succeeded,
              count(*) FILTER (WHERE state = 'FAILED')::int AS failed,
              count(*) FILTER (WHERE state = 'PRUNED')::int AS pruned,
              count(*) FILTER (WHERE state = 'CANCELLED')::int AS cancelled,
              count(*) FILTER (WHERE state IN ('QUEUED', 'RUNNING', 'WAITING'))::int AS open,
              (sum(accepted) - count(DISTINCT (cell, replicate)) FILTER (WHERE accepted > 0))::int AS duplicates,
              sum(failed)::int AS "failedAttempts",
              sum(lost)::int AS "lostAttempts"
         FROM trial GROUP BY task_id
     )
     SELECT k.id AS "taskId", own.points, k.search_state = 'STOPPED' AS "isStopped",
            CASE WHEN k.search_state IN ('OPEN', 'STOPPED') THEN k.planned_points ELSE own.points
            END AS "plannedPoints",
            coalesce("coveredCells", 0) AS "coveredCells", coalesce(succeeded, 0) AS succeeded,
            coalesce(failed, 0) AS failed, coalesce(pruned, 0) AS pruned, coalesce(cancelled, 0) AS cancelled,
            coalesce(open, 0) AS open, coalesce(duplicates, 0) AS duplicates,
            coalesce("failedAttempts", 0) AS "failedAttempts", coalesce("lostAttempts", 0) AS "lostAttempts",
            (SELECT coalesce(json_agg(lacking), '[]')
               FROM (SELECT p.cell, t.replicate, t.state
                       FROM trials t JOIN points p ON p.id = t.point_id
                      WHERE t.task_id = k.id AND t.state IN ('FAILED', 'CANCELLED')
                      ORDER BY p.ordinal, t.replicate
                      LIMIT $2) lacking) AS missing
       FROM tasks k
       LEFT JOIN counted ON counted.task_id = k.id
       CROSS JOIN LATERAL (SELECT count(*)::int AS points FROM points p WHERE p.task_id = k.id) own
      WHERE k.sweep_id = $1
      ORDER BY k.ordinal`,
    [sweepId, listed],
  );
}
