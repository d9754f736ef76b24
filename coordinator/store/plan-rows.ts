import { randomUUID } from 'node:crypto';
import type { PointPlan, SweepPlan, TaskPlan, TrialPlan } from '../../core/plan.ts';
import { isLandmarkSource } from '../../core/space/geometry.ts';

/** Rows of a plan with their identifiers, ready to be inserted. */
export interface PlanRows {
  readonly tasks: readonly (Omit<TaskPlan, 'points'> & { readonly id: string })[];
  readonly points: readonly (Omit<PointPlan, 'trials'> & { readonly id: string; readonly taskId: string })[];
  readonly trials: readonly TrialRow[];
}

export interface TrialRow extends TrialPlan {
  readonly id: string;
  readonly taskId: string;
  readonly pointId: string;
  readonly position: number;
  readonly rung: number | null;
}

/** The rows of all tasks; of each task the landmarks run first. */
export function rowsOfPlan(plan: SweepPlan): PlanRows {
  const tasks = plan.tasks.map((task) => ({ ...task, id: randomUUID() }));
  const points = tasks.flatMap((task) => {
    const ordered = [...task.points.filter(isLandmark), ...task.points.filter((point) => !isLandmark(point))];
    return ordered.map((point, turn) => ({ ...point, id: randomUUID(), taskId: task.id, turn, task: task.ordinal }));
  });
  return { tasks, points, trials: orderTrials(points, 0) };
}

/** A point with its turn within its task and the place of the task. */
type TurnedPoint = Pick<PointPlan, 'firstRung' | 'trials'> & {
  readonly id: string;
  readonly taskId: string;
  readonly turn: number;
  readonly task: number;
};

/**
 * Trials in the order in which they are to run: replicate 0 of every point first, tasks in turn; then replicate 1, and so
 * on. So the whole (alpha, beta) plane of every task shows early, with the named points and baselines to compare with,
 * and a sweep that is cancelled half way has no task or corner without any result.
 */
export function orderTrials(points: readonly TurnedPoint[], firstPosition: number): readonly TrialRow[] {
  const trials = points.flatMap((point) => point.trials.map((trial) => ({ trial, point })));
  trials.sort(
    (a, b) => a.trial.replicate - b.trial.replicate || a.point.turn - b.point.turn || a.point.task - b.point.task,
  );
  return trials.map(({ trial, point }, place) => ({
    ...trial,
    id: randomUUID(),
    taskId: point.taskId,
    pointId: point.id,
    position: firstPosition + place,
    rung: point.firstRung,
  }));
}

function isLandmark(point: PointPlan): boolean {
  return point.sources.some(isLandmarkSource);
}
