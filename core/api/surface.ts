/** REST answers about the surface of a task. */
import type { Estimate } from '../stats/estimate.ts';
import type { Lead } from '../stats/lead.ts';

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
