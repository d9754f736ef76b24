import type { SweepId, TaskId } from '../../../core/ids.ts';
import type { SummaryRow } from '../../../core/stats/row.ts';
import type { TaskDefinition } from '../../../core/task.ts';
import type { Query } from '../database.ts';
import type { SummaryFilter } from '../store.ts';

type TaskColumns =
  | 'sweepId'
  | 'dataset'
  | 'protocol'
  | 'metric'
  | 'teacher'
  | 'student'
  | 'objective'
  | 'fingerprint'
  | 'comparisonKey'
  | 'pointsToCome';
type TaskRow = Pick<SummaryRow, TaskColumns> & { readonly taskId: TaskId; readonly definition: TaskDefinition };
type TrialRow = Omit<SummaryRow, TaskColumns | 'definition'>;

/**
 * One row per trial of the tasks that match, ordered by fingerprint, point ordinal, replicate. The backend and kernel
 * are those of the trial's latest attempt.
 *
 * Guarantee: two statements, so a trial that ends in between may already show its result.
 * Index: tasks_dataset_idx or tasks_sweep_id_ordinal_key; trials_task_id_state_idx; points_pkey; attempts_pkey.
 * Lock order: none.
 */
export async function readSummaryRows(query: Query, filter: SummaryFilter): Promise<readonly SummaryRow[]> {
  const tasks = await findTasks(query, filter);
  if (tasks.length === 0) return [];
  // A task's definition is sent once, not with each of its trials.
  const byId = new Map(tasks.map((task) => [task.taskId, task]));
  const trials = await readTrials(query, [...byId.keys()]);
  return trials.map((trial) => ({ ...byId.get(trial.taskId)!, ...trial }));
}

function findTasks(query: Query, filter: SummaryFilter): Promise<readonly TaskRow[]> {
  const { dataset = null, student = null, teacher = null, sweep = null, objective = null } = filter;
  return query<{ taskId: TaskId; sweepId: SweepId } & TaskRow>(
    `SELECT id AS "taskId", sweep_id AS "sweepId", dataset, protocol, metric, teacher, student, objective, definition,
            fingerprint, comparison_key AS "comparisonKey",
            CASE WHEN search_state = 'OPEN'
                 THEN planned_points - (SELECT count(*)::int FROM points p WHERE p.task_id = tasks.id)
                 ELSE 0 END AS "pointsToCome"
       FROM tasks
      WHERE ($1::text IS NULL OR dataset = $1)
        AND ($2::text IS NULL OR student = $2)
        AND ($3::text IS NULL OR teacher = $3)
        AND ($4::uuid IS NULL OR sweep_id = $4)
        AND ($5::text IS NULL OR objective = $5)`,
    [dataset, student, teacher, sweep, objective],
  );
}

function readTrials(query: Query, taskIds: readonly TaskId[]): Promise<readonly TrialRow[]> {
  return query<TrialRow>(
    `SELECT t.task_id AS "taskId", p.ordinal, p.cell, p.params, p.sources, p.in_space AS "inSpace",
            p.scale_factor AS "scaleFactor", t.replicate, t.seed::float8 AS seed, t.purpose, t.state, t.rung,
            t.selection_value AS "selectionValue", t.test_value AS "testValue",
            (t.extras ->> 'teacherTest')::float8 AS "teacherTest", t.teacher_sha256 AS "teacherSha256",
            a.backend, a.kernel_id AS "kernelId"
       FROM trials t
       JOIN points p ON p.id = t.point_id
       JOIN tasks k ON k.id = t.task_id
       JOIN sweeps s ON s.id = t.sweep_id
       LEFT JOIN attempts a ON a.trial_id = t.id AND a.number = t.attempt
      WHERE t.task_id = ANY ($1)
      ORDER BY k.fingerprint, p.ordinal, t.replicate, s.sequence, k.ordinal`,
    [taskIds],
  );
}
