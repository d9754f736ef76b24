/** Shapes of the REST answers (`/api/v1`), shared by the coordinator that writes them and the programs that read them. */
import type { AttemptState } from './attempt.ts';
import type { Problem } from './errors.ts';
import type { Measurement } from './measurement.ts';
import type { StepRecord, StopFinding } from './search/record.ts';
import type { SearchState } from './search/session.ts';
import type { SweepState } from './sweep.ts';
import type { TaskDefinition } from './task.ts';
import type { TrialFailure, TrialPurpose, TrialState } from './trial.ts';

/** RFC 9457 body of every error answer. */
export interface ProblemAnswer {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Error code of the system, for programs. */
  readonly code: string;
  readonly problems?: readonly Problem[];
  /** Reference under which an internal error was logged. */
  readonly reference?: string;
}

/** A page of a list; `next` goes into `?cursor=`, null on the last page. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

/** Number of trials by state. */
export type TrialCounts = Readonly<Record<TrialState, number>>;

export interface CreatedSweep {
  readonly id: string;
  readonly state: SweepState;
  readonly tasks: number;
  readonly plannedTrials: number;
  readonly warnings: readonly string[];
  readonly links: { readonly self: string; readonly trials: string; readonly summary: string; readonly cancel: string };
}

export interface SweepListItem {
  readonly id: string;
  readonly name: string;
  readonly state: SweepState;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly trials: TrialCounts;
  /** Trials that the sweep will have in the end: an open search adds to those that `trials` counts. */
  readonly plannedTrials: number;
}

export interface SweepAnswer extends SweepListItem {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
  readonly tasks: readonly TaskProgress[];
  /** Seconds until the last trial ends, from the throughput so far; null while unknown or final. */
  readonly etaSeconds: number | null;
  /** Why queued trials cannot run on any attached worker, one sentence per unmet need; empty where they can. */
  readonly unmetNeeds: readonly string[];
}

export interface TaskProgress {
  readonly id: string;
  readonly ordinal: number;
  readonly dataset: string;
  readonly teacher: string | null;
  readonly student: string;
  readonly objective: string;
  readonly fingerprint: string;
  readonly definition: TaskDefinition;
  readonly points: number;
  readonly trials: TrialCounts;
  readonly plannedTrials: number;
  /** Null where all trials were known at submission. */
  readonly search: SearchProgress | null;
  /** Best point so far by mean selection value; null before the first success. */
  readonly best: PointResult | null;
}

/** How far a search is whose results decide what is tried next, or what is run again. */
export interface SearchProgress {
  readonly state: Exclude<SearchState, 'PLANNED'>;
  /**
   * Points that the strategy has chosen, and how many it will have: at most, where it may spend trials on further seeds.
   * Landmarks are not counted.
   */
  readonly suggested: number;
  readonly planned: number;
  /** Why it ended before its budget was spent; null where it did not. */
  readonly stopped: StopFinding | null;
}

/** A point of a sweep. */
export interface PointAnswer {
  readonly taskId: string;
  /** Place within the task, in the order of suggestion. */
  readonly ordinal: number;
  readonly cell: string;
  readonly params: Readonly<Record<string, number>>;
  readonly sources: readonly string[];
  readonly inSpace: boolean;
  /** Step of the task's search that suggested it; null for points known at submission. */
  readonly step: number | null;
}

/** A step of a task's search, with enough to compute it again. */
export interface StepAnswer {
  readonly taskId: string;
  /** Place within the task, from 0. */
  readonly ordinal: number;
  readonly record: StepRecord;
}

/** Mean over seeds. `sd` and `se` are null where n < 2. Unit: that of the metric (top1: percent, 0..100). */
export interface Estimate {
  readonly n: number;
  readonly mean: number;
  readonly sd: number | null;
  readonly se: number | null;
}

export interface PointResult {
  readonly cell: string;
  readonly params: Readonly<Record<string, number>>;
  readonly sources: readonly string[];
  readonly inSpace: boolean;
  /** Over the seeds of the search; of a point that was confirmed, over its fresh seeds alone. So is `test`. */
  readonly selection: Estimate;
  readonly test: Estimate | null;
  /**
   * Selection value of a confirmed point over the seeds of the search, which chose it for them: that of the best is biased
   * up. Null where the point was not confirmed.
   */
  readonly search: Estimate | null;
  /** Trials of the point that failed or are still to come. */
  readonly failed: number;
  readonly pending: number;
  /** c(alpha, beta, T) where `scale: gradNormalised`; else null. */
  readonly scaleFactor: number | null;
}

/** A named point beside the best one. `result` is null where it has not succeeded yet. */
export interface LandmarkResult {
  readonly name: string;
  readonly result: PointResult | null;
  /**
   * Best minus landmark on the selection value over the seeds that both have. Where the best was confirmed and the landmark
   * was not they have none in common: then the difference of the means, as of independent values (`sd` is null).
   */
  readonly gap: Estimate | null;
}

/** One-way analysis of variance of the selection value over the points with at least two seeds. */
export interface AnovaResult {
  readonly f: number;
  readonly dfBetween: number;
  readonly dfWithin: number;
  readonly p: number;
}

/** One dataset, pair and objective under one fingerprint: results that may be compared with one another. */
export interface SummaryGroup {
  readonly dataset: string;
  readonly protocol: string;
  readonly metric: string;
  readonly unit: string;
  readonly teacher: string | null;
  readonly student: string;
  readonly objective: string;
  readonly definition: TaskDefinition;
  readonly fingerprint: string;
  readonly comparisonKey: string;
  readonly sweeps: readonly string[];
  readonly trials: TrialCounts;
  /** Hash of the teacher's weights; null before the first success, and where there is no teacher. */
  readonly teacherSha256: string | null;
  /** Mean metric of the teacher on the test part, as recorded by the trials; null where there is none. */
  readonly teacherTest: number | null;
  /** Best search cell by mean selection value, confirmed ones before all others; ties go to the earlier suggestion. */
  readonly best: PointResult | null;
  readonly runnersUp: readonly PointResult[];
  readonly points: number;
  readonly landmarks: readonly LandmarkResult[];
  /** Published choice and value for this dataset and pair, with their source; null where none is known. */
  readonly published: {
    readonly alpha: number;
    readonly beta: number;
    readonly value: number | null;
    readonly source: string;
  } | null;
  /** Null where fewer than two points have two seeds, or where no seed makes a difference (F is then not defined). */
  readonly anova: AnovaResult | null;
  readonly backends: readonly string[];
  readonly kernelIds: readonly string[];
  /** Sentences that a reader must know: selection on test, several backends mixed, trials still running, ... */
  readonly notes: readonly string[];
}

export interface SummaryAnswer {
  readonly generatedAt: string;
  readonly groups: readonly SummaryGroup[];
}

export interface TrialAnswer {
  readonly id: string;
  readonly sweepId: string;
  readonly taskId: string;
  readonly dataset: string;
  readonly objective: string;
  readonly cell: string;
  readonly params: Readonly<Record<string, number>>;
  readonly replicate: number;
  readonly seed: number;
  readonly purpose: TrialPurpose;
  readonly state: TrialState;
  readonly selectionValue: number | null;
  readonly testValue: number | null;
  /** Hash of the teacher's weights: `artifact:sha256:<hash>` names them in another spec. Null before success. */
  readonly teacherSha256: string | null;
  readonly failure: TrialFailure | null;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly attempts: number;
}

export interface TrialDetail extends TrialAnswer {
  readonly history: readonly AttemptAnswer[];
}

export interface AttemptAnswer {
  readonly number: number;
  readonly state: AttemptState;
  readonly workerId: string;
  readonly workerName: string;
  readonly backend: string;
  readonly kernelId: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** Epochs of earlier attempts that it went on from; null where it began at the start, or has not come to an epoch. */
  readonly resumedFrom: number | null;
  readonly failure: TrialFailure | null;
}

export interface MeasurementsAnswer {
  readonly trialId: string;
  /** The current attempt. Where it went on from a checkpoint the steps before are those of earlier attempts. */
  readonly attempt: number;
  readonly measurements: readonly Measurement[];
}

export interface WorkerAnswer {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly state: 'ATTACHED' | 'DETACHED';
  readonly slots: number;
  readonly busySlots: number;
  readonly backend: string;
  readonly backendVersion: string;
  readonly devices: readonly { readonly kind: string; readonly name: string }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly datasets: readonly string[];
  readonly attachedAt: string;
  readonly lastSeenAt: string;
}

export interface DatasetAnswer {
  readonly name: string;
  readonly title: string;
  readonly protocol: string;
  readonly classes: number;
  readonly available: boolean;
  /** Attached workers that have the files. */
  readonly workers: readonly string[];
  readonly published: readonly {
    readonly pair: string;
    readonly alpha: number;
    readonly beta: number;
    readonly source: string;
  }[];
}

export interface HealthAnswer {
  readonly status: 'ok' | 'degraded' | 'unavailable';
  readonly checks: Readonly<Record<string, string>>;
}
