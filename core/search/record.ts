/** What is kept of each step of a search, so that it can be explained and computed again. */
import { canonicalJson } from '../spec/canonical.ts';
import type { TrialPurpose } from '../trial.ts';
import type { SuggestionTrace } from './strategy.ts';

/** Raised with every change after which a search decides something else from the same data. */
export const searchVersion = 2;

/**
 * What the trials of a point gave that the search had ordered, by replicate: the selection value, or null for a trial
 * that ended without one. Trials that have not ended are not named.
 */
export type TrialValues = Readonly<Record<number, number | null>>;

/** What a point gave, as far as the search is told. */
export interface PointResult {
  readonly values: TrialValues;
  /** At the rungs of early stopping that all trials which pause there have reached, lowest first. */
  readonly rungs?: readonly RungMean[];
}

export interface RungMean {
  readonly epoch: number;
  /** Mean selection value; null where a trial diverged. */
  readonly value: number | null;
  /** Trials that the mean is over. */
  readonly count: number;
}

/** Stored as JSON, one per task and ordinal, from 0 without gaps. */
export interface StepRecord {
  /** `searchVersion` of the code that made it. */
  readonly version: number;
  /** Seed of the task's search. */
  readonly seed: number;
  /** How many new points or further seeds were asked for. */
  readonly wanted: number;
  /** News since the task's step before, so that n records take O(n) space. */
  readonly seen: SeenChanges;
  /** New points, with what the strategy believed when it chose them. */
  readonly points: readonly { readonly ordinal: number; readonly trace: SuggestionTrace | null }[];
  /** Further trials of points that were there. */
  readonly trials: readonly AddedTrial[];
  /** Why the search ended before its budget was spent; null where it did not in this step. */
  readonly stop: StopFinding | null;
  /** True where nothing will follow, whatever the open trials bring. */
  readonly isFinished: boolean;
}

/** What ended a search before its budget was spent. */
export interface StopFinding {
  /** The recommended point is within so much of the best cell, in the metric's unit ... */
  readonly within: number;
  /** ... with this probability. */
  readonly probability: number;
  /** Points that the strategy had chosen, and how many it might have. */
  readonly points: number;
  readonly planned: number;
}

/** One more trial of the point with this ordinal. */
export interface AddedTrial {
  readonly ordinal: number;
  readonly replicate: number;
  readonly purpose: TrialPurpose;
}

/** What changed in what the search saw. A point of which it never spoke was not there. */
export interface SeenChanges {
  /** Points with a new result, with one over more trials, or at a new rung. */
  readonly observed: readonly ({ readonly ordinal: number } & PointResult)[];
  /** Ordinals of points that came on their way: new ones, and ones whose trials run again. */
  readonly pending: readonly number[];
}

/** Result by ordinal of every point that a search saw; null for one on its way. */
export type SeenResults = ReadonlyMap<number, PointResult | null>;

/** What the recorded steps of a search add up to, as they are read one after the other. */
export class SearchLedger {
  readonly results = new Map<number, PointResult | null>();
  /** Further seeds that the search gave to points, by ordinal. */
  readonly furtherSeeds = new Map<number, number>();
  /** What the strategy believed when it chose a point, by ordinal. */
  readonly traces = new Map<number, SuggestionTrace>();
  isStopped = false;

  /** What a step had seen when it was decided. */
  see({ observed, pending }: SeenChanges): void {
    for (const ordinal of pending) this.results.set(ordinal, null);
    for (const { ordinal, ...result } of observed) this.results.set(ordinal, result);
  }

  /** What a step decided. */
  enter({ points, trials, stop }: Pick<StepRecord, 'points' | 'trials' | 'stop'>): void {
    for (const { ordinal, trace } of points) if (trace !== null) this.traces.set(ordinal, trace);
    for (const { ordinal, purpose } of trials) {
      if (purpose === 'SEARCH') this.furtherSeeds.set(ordinal, (this.furtherSeeds.get(ordinal) ?? 0) + 1);
    }
    if (stop !== null) this.isStopped = true;
  }
}

export function changesBetween(
  before: SeenResults,
  now: readonly { readonly ordinal: number; readonly result: PointResult | null }[],
): SeenChanges {
  const changed = now.filter(({ ordinal, result }) => !isSame(before.get(ordinal), result));
  return {
    observed: changed.flatMap(({ ordinal, result }) => (result === null ? [] : [{ ordinal, ...result }])),
    pending: changed.flatMap(({ ordinal, result }) => (result === null ? [ordinal] : [])),
  };
}

function isSame(before: PointResult | null | undefined, now: PointResult | null): boolean {
  if (before === undefined || before === null || now === null) return before === now;
  return canonicalJson(before) === canonicalJson(now);
}
