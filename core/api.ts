/** Shapes of the REST answers (`/api/v1`), shared by the coordinator that writes them and the programs that read them. */
import type { AttemptState } from './attempt.ts';
import type { Problem } from './errors.ts';
import type { Measurement } from './measurement.ts';
import type { StepRecord, StopFinding } from './search/record.ts';
import type { SearchState } from './search/session.ts';
import type { TransferSource, TransferState } from './search/transfer.ts';
import type { Estimate } from './stats/estimate.ts';
import type { RerunKind, SweepState } from './sweep.ts';
import type { TaskDefinition } from './task.ts';
import type { TrialFailure, TrialPurpose, TrialState } from './trial.ts';

export type { Estimate };

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

/** What a rerun queued again. */
export interface RerunAnswer {
  readonly id: string;
  readonly state: SweepState;
  readonly which: RerunKind;
  /** Over all tasks. */
  readonly trials: number;
  readonly points: number;
  /** Those that have something to run again, in order. */
  readonly tasks: readonly {
    readonly id: string;
    readonly dataset: string;
    readonly objective: string;
    /** Trials that were queued again. */
    readonly trials: number;
    /** Points that its search, which the cancellation stopped, goes on to choose. */
    readonly points: number;
  }[];
}

/**
 * What a task has of what it planned, counted from its rows: each planned trial (cell and replicate) is in one of the
 * counts of `trials`.
 */
export interface Coverage {
  /** Points that the task is to have, and different cells of those that have a result. */
  readonly cells: { readonly planned: number; readonly covered: number };
  readonly trials: {
    readonly planned: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly pruned: number;
    /** Also those of points that a search did not come to choose before the sweep was cancelled. */
    readonly cancelled: number;
    /** Queued, running or waiting, or of points that a search is yet to choose. */
    readonly toCome: number;
  };
  /** Trials without a result that nothing will bring any more, but a rerun; the first of them. */
  readonly missing: { readonly count: number; readonly first: readonly MissingTrial[] };
  /** Accepted results of a cell and replicate beyond the first. */
  readonly duplicates: number;
  /** Attempts that gave no result because they failed, or because their worker was lost. */
  readonly extraAttempts: { readonly failed: number; readonly lost: number };
  /** True where every planned trial has a result (or was pruned) and none has two. */
  readonly complete: boolean;
}

export interface MissingTrial {
  readonly cell: string;
  readonly replicate: number;
  readonly state: Extract<TrialState, 'FAILED' | 'CANCELLED'>;
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
  readonly coverage: Coverage;
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
  /** Null where the search starts from nothing. */
  readonly transfer: TransferProgress | null;
}

/** What finished tasks count for in a search, as of its latest suggestion. */
export interface TransferProgress {
  /** Null before the first suggestion. */
  readonly state: TransferState | null;
  /** All weights add up to 1; null before the first suggestion. */
  readonly own: number | null;
  readonly sources: readonly (Omit<TransferSource, 'points'> & { readonly weight: number | null })[];
}

/** The finished tasks that a task's search starts from, with the points that are kept of them. */
export interface TaskSources {
  readonly taskId: string;
  /** The most alike first. */
  readonly sources: readonly TransferSource[];
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
  /** Whether the best is better than the landmark; null where it is the best, or has no value. */
  readonly lead: Lead | null;
}

/** How far the best point leads another one on the selection value, and whether that is more than chance. */
export interface Lead {
  /** Seeds that both have; where they have none in common, the fewer of their seeds. */
  readonly n: number;
  /** Best minus other, unit of the metric. */
  readonly mean: number;
  /** True where the difference is over common seeds. */
  readonly isPaired: boolean;
  /** Standard error, from the noise of all points together; null where no point tells of noise. */
  readonly se: number | null;
  readonly degreesOfFreedom: number;
  /** Points that the best was chosen from, for which `p` is corrected; 1 where it needs no correction. */
  readonly candidates: number;
  /** Probability of such a lead where the best is not better, one-sided; null without `se`. */
  readonly p: number | null;
  /** The same over all groups of the answer that ask the same question (Holm); null in an answer about one task. */
  readonly pHolm: number | null;
}

/** The best point on alpha + beta = 1, landmarks outside of the space included, beside the best of all. */
export interface AlphaLineResult {
  readonly result: PointResult;
  /** Null where the best point is itself on the line. */
  readonly lead: Lead | null;
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
  /** Null where alpha and beta are not both known, or no point lies on alpha + beta = 1. */
  readonly alphaLine: AlphaLineResult | null;
  /** What a model of the surface adds; null where there is too little to fit one, or it is being computed. */
  readonly surface: SurfaceDigest | null;
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

/** A model of the surface in short: see {@link SurfaceAnswer}. */
export interface SurfaceDigest {
  /** Trials that it was fitted to: while a sweep runs it may lag behind the other numbers of the group. */
  readonly trials: number;
  /** Tried point with the greatest posterior mean. */
  readonly recommended: TestedPoint;
  readonly region: Omit<OptimumRegion, 'cells'>;
}

/** What is believed of the metric at a place, without the noise of trials. */
export interface Belief {
  readonly mean: number;
  readonly sd: number;
}

/** A place of the plane with what is believed of it. */
export interface BelievedPoint extends Belief {
  readonly params: Readonly<Record<string, number>>;
}

/** A point that was tried. */
export interface TestedPoint extends BelievedPoint {
  readonly cell: string;
  readonly sources: readonly string[];
  readonly inSpace: boolean;
  readonly observed: Estimate;
  /** Probability that it is the best of the tried cells of the space; null for a landmark outside. */
  readonly chance: number | null;
}

/** The smallest set of cells that holds the optimum of the plane with a probability of at least `level`. */
export interface OptimumRegion {
  readonly level: number;
  /** Probability that it does hold it. */
  readonly probability: number;
  readonly size: number;
  /** Least and greatest value of each axis of the plane within. */
  readonly extent: Readonly<Record<string, readonly [least: number, greatest: number]>>;
  /** The likeliest first. */
  readonly cells: readonly { readonly params: Readonly<Record<string, number>>; readonly chance: number }[];
}

/** The surface along a line of the plane. */
export interface SurfaceLine {
  readonly name: 'alpha+beta=1' | 'alpha+beta=0' | 'alpha=0' | 'beta=0';
  readonly points: readonly BelievedPoint[];
  /** Its greatest posterior mean. */
  readonly best: BelievedPoint;
}

/** The recommended point against another one. */
export interface Comparison {
  /** `fkl`, ... or `alpha+beta=1` for the best tried point on that line. */
  readonly against: string;
  readonly other: TestedPoint;
  /** From the trials; null where the two are one point. */
  readonly lead: Lead | null;
  /** Posterior probability that the recommended point is the better one, by the model. */
  readonly probability: number | null;
}

/** Posterior surface of a task, fitted to all its results. Values in the unit of the metric. */
export interface SurfaceAnswer {
  readonly generatedAt: string;
  readonly sweepId: string;
  readonly taskId: string;
  readonly ordinal: number;
  readonly dataset: string;
  readonly objective: string;
  readonly metric: string;
  readonly unit: string;
  /** What it was fitted to. `noiseSd`: of one trial around point and seed, null where no point tells of it. */
  readonly n: {
    readonly points: number;
    readonly trials: number;
    readonly noiseSd: number | null;
    readonly degreesOfFreedom: number;
  };
  readonly plane: SurfacePlane;
  readonly recommended: TestedPoint;
  /** Cell of the plane with the greatest posterior mean, tried or not. */
  readonly predicted: BelievedPoint;
  readonly region: OptimumRegion;
  /** All points that were tried, the likeliest best first. */
  readonly tested: readonly TestedPoint[];
  readonly landmarks: readonly { readonly name: string; readonly cell: string }[];
  readonly lines: readonly SurfaceLine[];
  readonly comparisons: readonly Comparison[];
  /** Part of the variance of the surface that each parameter explains alone; null where one or two are searched. */
  readonly importance: Readonly<Record<string, number>> | null;
  readonly notes: readonly string[];
}

/** The surface over a grid of cells. */
export interface SurfacePlane {
  /** Parameter to the right. */
  readonly x: string;
  /** Parameter upwards; null where one is searched. */
  readonly y: string | null;
  readonly xs: readonly number[];
  /** One entry (null) where one parameter is searched. */
  readonly ys: readonly (number | null)[];
  /** Values of the other parameters. */
  readonly fixed: Readonly<Record<string, number>>;
  /** `mean[y][x]`; null where a constraint does not hold. */
  readonly mean: readonly (readonly (number | null)[])[];
  readonly sd: readonly (readonly (number | null)[])[];
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
  /** Epoch at which early stopping judges it next, where it waits, or was stopped; null = it runs to its end. */
  readonly rung: number | null;
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
