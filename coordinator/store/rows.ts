import type { PointAnswer, StepAnswer } from '../../core/api/sweep.ts';
import type { AttemptAnswer, TrialAnswer } from '../../core/api/trial.ts';
import type { SweepId, TaskId } from '../../core/ids.ts';
import type { StepRecord, StopFinding } from '../../core/search/record.ts';
import type { TaskDefinition } from '../../core/task.ts';
import type { FailureKind, TrialFailure, TrialState } from '../../core/trial.ts';
import type { TrialCounts } from '../../core/trial-counts.ts';
import type { Prisma } from '../../prisma/gen/client.ts';
import type { StoredSweep, StoredTask, TaskPlace } from './store.ts';

// JSON columns are read as the type that was written: their content was validated before it was stored and no row is
// changed by hand, so it is not parsed again for each of a hundred thousand trials.

export type SweepRow = Prisma.SweepGetPayload<object>;

export function toStoredSweep(row: SweepRow): StoredSweep {
  return {
    id: row.id as SweepId,
    sequence: row.sequence,
    name: row.name,
    spec: row.spec as Record<string, unknown>,
    state: row.state,
    warnings: row.warnings,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
  };
}

export const taskColumns = { _count: { select: { points: true } } } as const;

export function toStoredTask(
  row: Prisma.TaskGetPayload<{ include: typeof taskColumns }>,
  suggested: number,
): StoredTask {
  return {
    id: row.id as TaskId,
    ordinal: row.ordinal,
    dataset: row.dataset,
    teacher: row.teacher,
    student: row.student,
    objective: row.objective,
    definition: row.definition as TaskDefinition,
    fingerprint: row.fingerprint,
    comparisonKey: row.comparisonKey,
    points: row._count.points,
    suggested,
    plannedPoints: row.plannedPoints,
    plannedTrials: row.plannedTrials,
    searchState: row.searchState,
    searchStop: row.searchStop as StopFinding | null,
    searchFailure: row.searchFailure,
  };
}

type PointRow = Prisma.PointGetPayload<{ include: { task: { select: { ordinal: true } } } }>;

export function toPointAnswer(row: PointRow): PointAnswer & { readonly place: TaskPlace } {
  return {
    taskId: row.taskId,
    ordinal: row.ordinal,
    cell: row.cell,
    params: row.params as Record<string, number>,
    sources: row.sources,
    inSpace: row.inSpace,
    step: row.step,
    place: { task: row.task.ordinal, ordinal: row.ordinal },
  };
}

type StepRow = Prisma.SearchStepGetPayload<{ include: { task: { select: { ordinal: true } } } }>;

export function toStepAnswer({ taskId, ordinal, record, task }: StepRow): StepAnswer & { readonly place: TaskPlace } {
  return { taskId, ordinal, record: record as unknown as StepRecord, place: { task: task.ordinal, ordinal } };
}

export const trialColumns = {
  point: { select: { cell: true, params: true } },
  task: { select: { dataset: true, objective: true } },
} as const;

export type TrialRow = Prisma.TrialGetPayload<{ include: typeof trialColumns }>;

export function toTrialAnswer(row: TrialRow): TrialAnswer & { readonly position: number } {
  return {
    id: row.id,
    sweepId: row.sweepId,
    taskId: row.taskId,
    dataset: row.task.dataset,
    objective: row.task.objective,
    cell: row.point.cell,
    params: row.point.params as Record<string, number>,
    replicate: row.replicate,
    seed: Number(row.seed),
    purpose: row.purpose,
    state: row.state,
    rung: row.rung,
    selectionValue: row.selectionValue,
    testValue: row.testValue,
    teacherSha256: row.teacherSha256,
    failure: toFailure(row),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    attempts: row.attempt,
    position: row.position,
  };
}

export const attemptColumns = { worker: { select: { name: true } } } as const;

/** @param firstStep the first that the attempt reported; null = none yet */
export function toAttemptAnswer(
  row: Prisma.AttemptGetPayload<{ include: typeof attemptColumns }>,
  firstStep: number | null,
): AttemptAnswer {
  return {
    number: row.number,
    state: row.state,
    workerId: row.workerId,
    workerName: row.worker.name,
    backend: row.backend,
    kernelId: row.kernelId,
    startedAt: row.startedAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
    resumedFrom: firstStep === null || firstStep === 1 ? null : firstStep - 1,
    failure: toFailure(row),
  };
}

function toFailure(row: {
  readonly failureKind: string | null;
  readonly failureMessage: string | null;
}): TrialFailure | null {
  return row.failureKind === null ? null : { kind: row.failureKind as FailureKind, message: row.failureMessage ?? '' };
}

/** Counts with a zero for every state that has none. */
export function toCounts(rows: Iterable<{ readonly state: TrialState; readonly count: number }>): TrialCounts {
  const counts = { QUEUED: 0, RUNNING: 0, WAITING: 0, SUCCEEDED: 0, FAILED: 0, PRUNED: 0, CANCELLED: 0 };
  for (const { state, count } of rows) counts[state] += count;
  return counts;
}
