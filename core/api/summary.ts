/** REST answers about what is best. */

import type { AnovaResult } from '../stats/anova.ts';
import type { Estimate } from '../stats/estimate.ts';
import type { Lead } from '../stats/lead.ts';
import type { TaskDefinition } from '../task.ts';
import type { TrialCounts } from '../trial-counts.ts';
import type { SurfaceDigest } from './surface.ts';

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

/** The best point on alpha + beta = 1, landmarks outside of the space included, beside the best of all. */
export interface AlphaLineResult {
  readonly result: PointResult;
  /** Null where the best point is itself on the line. */
  readonly lead: Lead | null;
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
