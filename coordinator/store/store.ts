import type { WorkerAnswer } from '../../core/api/fleet.ts';
import type { PointAnswer, StepAnswer, SweepListItem, TaskSources } from '../../core/api/sweep.ts';
import type { AttemptAnswer, TrialAnswer } from '../../core/api/trial.ts';
import type { TrialAssignment } from '../../core/assignment.ts';
import type { AttemptKey, AttemptOutcome, WantedAttempt } from '../../core/attempt.ts';
import type { CheckpointRef } from '../../core/checkpoint.ts';
import type { PointMove } from '../../core/earlystop/moves.ts';
import type { SweepId, TaskId, TrialId, WorkerId } from '../../core/ids.ts';
import type { Measurement } from '../../core/measurement.ts';
import type { PointPlan, SweepPlan, TrialPlan } from '../../core/plan.ts';
import type { StepRecord, StopFinding } from '../../core/search/record.ts';
import type { SearchState } from '../../core/search/session.ts';
import type { TransferSource } from '../../core/search/transfer.ts';
import type { SweepSpec } from '../../core/spec/schema.ts';
import type { SummaryRow } from '../../core/stats/summary.ts';
import type { RerunKind, SweepState } from '../../core/sweep.ts';
import type { TaskDefinition } from '../../core/task.ts';
import type { TrialState } from '../../core/trial.ts';
import type { TrialCounts } from '../../core/trial-counts.ts';
import type { WorkerHello } from '../../core/worker.ts';
import type { CoverageRow } from './sql/count-coverage.ts';
import type { SearchLoadRow } from './sql/find-searches.ts';
import type { WaitingTask } from './sql/find-waiting.ts';
import type { SearchPointRow } from './sql/read-search.ts';
import type { TransferRow } from './sql/read-transfers.ts';

/**
 * The verbs of the record. Every decision that matters is one of these, made inside the database with the
 * database's time; callers hold no state of their own. Values are copied in and out.
 */
export interface Store {
  // --- sweeps
  /** Stores the sweep with its tasks, points and trials in one transaction: all or nothing. */
  createSweep(plan: SweepPlan): Promise<StoredSweep>;
  /** Null where there is none. */
  findSweep(id: SweepId): Promise<StoredSweep | null>;
  /** Newest first, `before` exclusive. */
  listSweeps(options: { readonly before: bigint | null; readonly limit: number }): Promise<readonly SweepListEntry[]>;
  /** Tasks that have ended and whose results are like those that the task will have, the most alike first. */
  findFinishedTasks(alike: TaskDefinition): Promise<readonly TransferSource[]>;
  /** Tasks of a sweep in order. */
  listTasks(sweep: SweepId): Promise<readonly StoredTask[]>;
  /**
   * CANCELLED for the sweep and its trials that no worker holds; running trials are told to stop by the next renewal.
   * @throws {AbkdError} NOT_FOUND; CONFLICT when the sweep is final already.
   */
  cancelSweep(id: SweepId): Promise<StoredSweep>;
  /**
   * Queues the trials of a kind again and lets stopped searches go on; a sweep that was over is RUNNING again. Per task
   * in no order, those alone that have something to run; of several callers one is answered.
   * @throws {AbkdError} NOT_FOUND; CONFLICT where there is nothing of the kind, where trials of the cancelled sweep are
   * still being stopped, and for what is missing of a sweep that is not over.
   */
  rerunSweep(id: SweepId, kind: RerunKind): Promise<readonly RerunTask[]>;
  /**
   * Gives a final state to every sweep whose trials are all final: COMPLETED, or FAILED where none succeeded; CANCELLED
   * where some still are (`core/sweep.ts`).
   */
  settleSweeps(): Promise<readonly SweepId[]>;
  /** What each task of a sweep has of what it planned, in order. */
  countCoverage(sweep: SweepId): Promise<readonly CoverageRow[]>;
  countTrials(sweep: SweepId): Promise<readonly { readonly taskId: TaskId; readonly counts: TrialCounts }[]>;

  // --- searches
  /** All tasks of the active sweeps that have an open search, in order: what is on its way, and who could run more. */
  findSearches(): Promise<readonly SearchLoadRow[]>;
  /** What the next step of a task's search is computed from. */
  readSearch(task: TaskId): Promise<StoredSearch>;
  /** What finished tasks count for in the searches of a sweep that start from some. */
  readTransfers(sweep: SweepId): Promise<readonly TransferRow[]>;
  /** The finished tasks that searches of a sweep start from, with their points; by task, `after` exclusive. */
  listSources(options: {
    readonly sweep: SweepId;
    readonly after: number | null;
    readonly limit: number;
  }): Promise<readonly (TaskSources & { readonly ordinal: number })[]>;
  /**
   * Stores a step of a search with the points and trials that it adds, in one transaction.
   * False, and nothing is stored, where another coordinator was first or the search is over.
   */
  appendStep(step: NewStep): Promise<boolean>;
  /** Kept until the search goes on. */
  noteSearchFailure(task: TaskId, message: string): Promise<void>;
  /** Points of a sweep by task and ordinal, `after` exclusive. */
  listPoints(options: {
    readonly sweep: SweepId;
    readonly after: TaskPlace | null;
    readonly limit: number;
  }): Promise<readonly (PointAnswer & { readonly place: TaskPlace })[]>;
  /** Search steps of a sweep by task and ordinal, `after` exclusive. */
  listSteps(options: {
    readonly sweep: SweepId;
    readonly after: TaskPlace | null;
    readonly limit: number;
  }): Promise<readonly (StepAnswer & { readonly place: TaskPlace })[]>;

  // --- early stopping
  /** Tasks of active sweeps with trials that wait at a rung, in order. */
  findWaiting(): Promise<readonly WaitingTask[]>;
  /**
   * Moves the waiting trials of points, all trials of a point together: QUEUED with the next rung, or PRUNED. Does
   * nothing for a point that no longer waits at the rung, nor in a sweep that is over.
   * @returns ordinals of the points that were moved
   */
  movePoints(task: Pick<WaitingTask, 'sweepId' | 'taskId'>, moves: readonly PointMove[]): Promise<readonly number[]>;

  // --- trials and leases
  /**
   * Claims up to `limit` queued trials for a worker: attempt number raised, attempt row ACTIVE, lease running.
   * One trial is never given to two callers (FOR UPDATE SKIP LOCKED); `maxParallel` of a sweep holds.
   * Order: priority, then sweeps by age, then position.
   */
  claimTrials(claim: {
    readonly workerId: WorkerId;
    readonly limit: number;
    readonly leaseMs: number;
  }): Promise<readonly TrialAssignment[]>;
  /** Extends the leases that still hold and tells what is wanted of each; a lost one is STOP with reason. */
  renewLeases(renewal: {
    readonly workerId: WorkerId;
    readonly attempts: readonly AttemptKey[];
    readonly leaseMs: number;
  }): Promise<readonly WantedAttempt[]>;
  /** Stores measurements of an ACTIVE attempt, idempotent by step. False where the attempt no longer owns its trial. */
  recordMeasurements(attempt: AttemptKey, measurements: readonly Measurement[]): Promise<boolean>;
  /**
   * Ends an attempt and moves its trial, in one transaction. Idempotent: repeating an accepted outcome is accepted again.
   * A late outcome (the attempt is not ACTIVE) leaves the trial alone, is kept in the attempt row as REFUSED, and gives
   * `accepted: false`.
   * Success -> SUCCEEDED. Failure -> QUEUED with back-off while failures <= retries (never for MISSING_DATA: FAILED at
   * once), else FAILED.
   * Stopped -> CANCELLED when the sweep is CANCELLED, else QUEUED. Paused -> the same, but WAITING in place of QUEUED.
   */
  finishAttempt(
    attempt: AttemptKey,
    outcome: AttemptOutcome,
  ): Promise<{ readonly accepted: boolean; readonly trialState: TrialState }>;
  /** Marks attempts whose lease ran out LOST and queues their trials again (FAILED with kind LOST after maxLostAttempts). */
  expireLeases(): Promise<readonly AttemptKey[]>;
  /** The same at once for all attempts of workers known to be dead (`abkd up` after its own crash). */
  expireWorkers(workers: readonly WorkerId[]): Promise<readonly AttemptKey[]>;

  // --- checkpoints
  /** True while the attempt is ACTIVE. */
  ownsTrial(attempt: AttemptKey): Promise<boolean>;
  /**
   * Makes a content the checkpoint of its trial, in the place of `former`. `saved` is false where the attempt no longer
   * owns its trial, or has saved a later step.
   */
  saveCheckpoint(
    attempt: AttemptKey,
    checkpoint: CheckpointRef,
  ): Promise<{ readonly saved: boolean; readonly former: string | null }>;
  /** Hash of the trial's checkpoint; null where there is none. */
  findCheckpoint(trial: TrialId): Promise<string | null>;
  /** Forgets the checkpoints of final trials; returns their hashes. */
  forgetCheckpoints(): Promise<readonly string[]>;
  /** Those of the hashes that are no trial's checkpoint. */
  findUnnamedCheckpoints(contents: readonly string[]): Promise<readonly string[]>;

  // --- reading trials
  listTrials(options: {
    readonly sweep: SweepId;
    readonly state: TrialState | null;
    readonly after: number | null;
    readonly limit: number;
  }): Promise<readonly (TrialAnswer & { readonly position: number })[]>;
  findTrial(id: TrialId): Promise<{ readonly trial: TrialAnswer; readonly history: readonly AttemptAnswer[] } | null>;
  /** One curve over all attempts: every step as the latest attempt that came to it reported it. */
  listMeasurements(
    id: TrialId,
  ): Promise<{ readonly attempt: number; readonly measurements: readonly Measurement[] } | null>;
  /** Rows for the summary, one per trial of the tasks that match, ordered by fingerprint, point ordinal, replicate. */
  readSummaryRows(filter: SummaryFilter): Promise<readonly SummaryRow[]>;

  // --- workers
  /** Inserts or refreshes the row of a worker that attached. */
  attachWorker(worker: WorkerHello): Promise<void>;
  detachWorker(id: WorkerId): Promise<void>;
  /** Attached workers, and detached ones seen within `seenWithinMs`. */
  listWorkers(options: { readonly seenWithinMs: number }): Promise<readonly WorkerAnswer[]>;
  /** Datasets that queued trials of active sweeps need and no attached worker has. */
  findUnmetNeeds(sweep: SweepId): Promise<{ readonly datasets: readonly string[]; readonly attachedWorkers: number }>;

  // --- artifacts
  claimArtifact(claim: {
    readonly key: string;
    readonly workerId: WorkerId;
    readonly leaseMs: number;
  }): Promise<ArtifactClaim>;
  /** False where the lease is lost. */
  renewArtifact(key: string, token: string, leaseMs: number): Promise<boolean>;
  abandonArtifact(key: string, token: string): Promise<void>;
  /** READY, if the lease still holds; false otherwise. */
  finishArtifact(
    key: string,
    token: string,
    content: { readonly sha256: string; readonly sizeBytes: number; readonly metadata: unknown },
  ): Promise<boolean>;
  findArtifact(
    key: string,
  ): Promise<{ readonly sha256: string; readonly sizeBytes: number; readonly metadata: unknown } | null>;

  // --- service
  /** Round trip to the database, for the probes. @throws {AbkdError} UNAVAILABLE */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface StoredSweep {
  readonly id: SweepId;
  readonly sequence: bigint;
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly state: SweepState;
  readonly warnings: readonly string[];
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export type SweepListEntry = SweepListItem & { readonly sequence: bigint };

/** Ordinals of a task within its sweep, and of a point or step within the task. */
export interface TaskPlace {
  readonly task: number;
  readonly ordinal: number;
}

export interface StoredSearch {
  readonly spec: SweepSpec;
  /** Place of the task in its sweep. */
  readonly ordinal: number;
  readonly points: readonly SearchPointRow[];
  readonly steps: readonly StepRecord[];
  /** Finished tasks that it starts from. */
  readonly sources: readonly TransferSource[];
}

export interface NewStep {
  readonly sweepId: SweepId;
  readonly taskId: TaskId;
  /** Place of the step in the search, from 0 without gaps. */
  readonly ordinal: number;
  readonly record: StepRecord;
  readonly points: readonly Omit<PointPlan, 'inSpace'>[];
  /** Further trials of points that are there, by the ordinal of the point. */
  readonly trials: readonly (TrialPlan & { readonly point: number })[];
  /** Trials that later steps will add, where this one tells; else null. */
  readonly trialsToCome: number | null;
}

/** What of a task runs again. */
export interface RerunTask {
  readonly taskId: TaskId;
  /** Trials that were queued again. */
  readonly trials: number;
  /** Points that its search goes on to choose. */
  readonly points: number;
}

export interface StoredTask {
  readonly id: TaskId;
  readonly ordinal: number;
  readonly dataset: string;
  readonly teacher: string | null;
  readonly student: string;
  readonly objective: string;
  readonly definition: TaskDefinition;
  readonly fingerprint: string;
  readonly comparisonKey: string;
  readonly points: number;
  /** Points that a strategy suggested after the submission. */
  readonly suggested: number;
  /** Points that the task is to have in the end, as far as is known; a stopped search chooses no more. */
  readonly plannedPoints: number;
  /** Trials that it will have in the end. */
  readonly plannedTrials: number;
  readonly searchState: SearchState;
  /** Why the search ended before its budget was spent. */
  readonly searchStop: StopFinding | null;
  /** Why an open search could not go on when it was last tried. */
  readonly searchFailure: string | null;
}

export interface SummaryFilter {
  readonly dataset?: string;
  readonly student?: string;
  readonly teacher?: string;
  readonly sweep?: SweepId;
  readonly objective?: string;
}

export type ArtifactClaim =
  | { readonly state: 'ready'; readonly sha256: string; readonly sizeBytes: number; readonly metadata: unknown }
  | { readonly state: 'build'; readonly token: string }
  | { readonly state: 'wait' };
