import type { SweepId } from '../../../core/ids.ts';
import type { SweepPlan } from '../../../core/plan.ts';
import type { Query } from '../database.ts';
import { type PlanRows, rowsOfPlan } from '../plan-rows.ts';

/** Rows per statement: about a megabyte of parameters. */
const batchSize = 5_000;

/**
 * Inserts a sweep with its tasks, points and trials.
 *
 * Guarantee: all of it, or with the caller's transaction nothing; UNIQUE(task, ordinal), UNIQUE(task, cell),
 * UNIQUE(point, replicate) and UNIQUE(sweep, position) hold.
 * Lock order: new rows only.
 */
export async function insertPlan(query: Query, plan: SweepPlan): Promise<SweepId> {
  const rows = rowsOfPlan(plan);
  const sweepId = await insertSweep(query, plan);
  await insertTasks(query, sweepId, rows.tasks);
  await insertSources(query, rows.tasks);
  for (const batch of batchesOf(rows.points)) await insertPoints(query, batch);
  for (const batch of batchesOf(rows.trials)) await insertTrials(query, sweepId, batch);
  return sweepId;
}

async function insertSweep(query: Query, plan: SweepPlan): Promise<SweepId> {
  const inserted = await query<{ id: SweepId }>(
    `INSERT INTO sweeps (name, spec, priority, max_parallel, retries, timeout_ms, warnings)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     RETURNING id`,
    [
      plan.name,
      JSON.stringify(plan.spec),
      plan.priority,
      plan.maxParallel,
      plan.retries,
      plan.timeoutMs,
      [...plan.warnings],
    ],
  );
  return inserted[0]!.id;
}

async function insertTasks(query: Query, sweepId: SweepId, tasks: PlanRows['tasks']): Promise<void> {
  const rows = tasks.map(({ definition, sources: _, ...task }) => ({
    ...task,
    definition,
    dataset: definition.dataset,
    protocol: definition.protocol,
    teacher: definition.teacher?.model ?? null,
    student: definition.student.model,
    objective: definition.objective.kind,
    metric: definition.metric,
  }));
  await query(
    `INSERT INTO tasks (id, sweep_id, ordinal, dataset, protocol, teacher, student, objective, metric, definition,
                        fingerprint, comparison_key, warnings, search_state, planned_points, planned_trials)
     SELECT id, $1, ordinal, dataset, protocol, teacher, student, objective, metric, definition,
            fingerprint, "comparisonKey", warnings, "searchState", "plannedPoints", "plannedTrials"
       FROM json_to_recordset($2) AS task (
            id uuid, ordinal int, dataset text, protocol text, teacher text, student text, objective text, metric text,
            definition jsonb, fingerprint text, "comparisonKey" text, warnings text[],
            "searchState" "SearchState", "plannedPoints" int, "plannedTrials" int)`,
    [sweepId, JSON.stringify(rows)],
  );
}

async function insertSources(query: Query, tasks: PlanRows['tasks']): Promise<void> {
  const rows = tasks.flatMap(({ id, sources = [] }) =>
    sources.map((source, ordinal) => ({ ...source, task: id, ordinal })),
  );
  await query(
    `INSERT INTO transfer_sources (task_id, ordinal, source_sweep_id, source_task_id, dataset, objective, points)
     SELECT task, ordinal, "sweepId", "taskId", dataset, objective, points
       FROM json_to_recordset($1) AS source (
            task uuid, ordinal int, "sweepId" uuid, "taskId" uuid, dataset text, objective text, points jsonb)`,
    [JSON.stringify(rows)],
  );
}

/** Lock order: new rows only. */
export async function insertPoints(
  query: Query,
  points: readonly (PlanRows['points'][number] & { readonly step?: number })[],
): Promise<void> {
  await query(
    `INSERT INTO points (id, task_id, ordinal, cell, params, sources, in_space, step)
     SELECT id, "taskId", ordinal, cell, params, sources, "inSpace", step
       FROM json_to_recordset($1) AS point (
            id uuid, "taskId" uuid, ordinal int, cell text, params jsonb, sources text[], "inSpace" boolean,
            step int)`,
    [JSON.stringify(points)],
  );
}

/** Lock order: new rows only. */
export async function insertTrials(query: Query, sweepId: SweepId, trials: PlanRows['trials']): Promise<void> {
  await query(
    `INSERT INTO trials (id, sweep_id, task_id, point_id, replicate, seed, purpose, position, rung)
     SELECT id, $1, "taskId", "pointId", replicate, seed, purpose, position, rung
       FROM json_to_recordset($2) AS trial (
            id uuid, "taskId" uuid, "pointId" uuid, replicate int, seed bigint, purpose "TrialPurpose",
            position int, rung int)`,
    [sweepId, JSON.stringify(trials)],
  );
}

function* batchesOf<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let start = 0; start < rows.length; start += batchSize) yield rows.slice(start, start + batchSize);
}
