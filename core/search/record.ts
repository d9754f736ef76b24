/** What is kept of a suggestion, so that it can be explained and computed again. */
import type { SuggestionTrace } from './strategy.ts';

/** Raised with every change after which a strategy suggests something else from the same data. */
export const searchVersion = 1;

/** What a point gave, as far as a strategy is told. */
export interface PointValue {
  /** Mean selection value; null where every trial failed, or none has come to its end. */
  readonly value: number | null;
  /** Trials that the mean is over; where none has come to its end, those at the last rung. */
  readonly count: number;
  /** Mean selection values at the rungs of early stopping that the point has reached, lowest first. */
  readonly rungs?: readonly RungMean[];
}

export interface RungMean {
  readonly epoch: number;
  readonly value: number | null;
}

/** Stored with each suggested point, as JSON. */
export interface SuggestionRecord {
  /** `searchVersion` of the code that made it. */
  readonly version: number;
  /** Seed of the task's search. */
  readonly seed: number;
  /** Place within the suggestions that were made at once, from 0, and how many were asked for. */
  readonly batch: { readonly place: number; readonly wanted: number };
  /** News since the task's suggestion before, so that n records take O(n) space. */
  readonly seen: SeenChanges;
  readonly trace: SuggestionTrace | null;
}

/** What changed in what the strategy saw. A point of which it never spoke was not there. */
export interface SeenChanges {
  /** Points with a new result, with one over more trials, or at a new rung. */
  readonly observed: readonly ({ readonly ordinal: number } & PointValue)[];
  /** Ordinals of points that came on their way: new ones, and ones whose trials run again. */
  readonly pending: readonly number[];
}

/** Result by ordinal of every point that a strategy saw; null for one on its way. */
export type SeenResults = ReadonlyMap<number, PointValue | null>;

export const noChanges: SeenChanges = { observed: [], pending: [] };

/** What the latest of the recorded suggestions had seen. */
export function resultsRecorded(points: Iterable<{ readonly record: SuggestionRecord | null }>): SeenResults {
  const results = new Map<number, PointValue | null>();
  for (const { record } of points) if (record !== null) apply(record.seen, results);
  return results;
}

export function withChanges(results: SeenResults, changes: SeenChanges): SeenResults {
  const next = new Map(results);
  apply(changes, next);
  return next;
}

function apply({ observed, pending }: SeenChanges, results: Map<number, PointValue | null>): void {
  for (const ordinal of pending) results.set(ordinal, null);
  for (const { ordinal, ...result } of observed) results.set(ordinal, result);
}

export function changesBetween(
  before: SeenResults,
  now: readonly { readonly ordinal: number; readonly result: PointValue | null }[],
): SeenChanges {
  const changed = now.filter(({ ordinal, result }) => !isSame(before.get(ordinal), result));
  return {
    observed: changed.flatMap(({ ordinal, result }) => (result === null ? [] : [{ ordinal, ...result }])),
    pending: changed.flatMap(({ ordinal, result }) => (result === null ? [ordinal] : [])),
  };
}

function isSame(before: PointValue | null | undefined, now: PointValue | null): boolean {
  if (before === undefined || before === null || now === null) return before === now;
  return before.value === now.value && before.count === now.count && isSameAtRungs(before.rungs, now.rungs);
}

function isSameAtRungs(before: readonly RungMean[] = [], now: readonly RungMean[] = []): boolean {
  const isSameAt = ({ epoch, value }: RungMean, place: number) =>
    epoch === now[place]!.epoch && value === now[place]!.value;
  return before.length === now.length && before.every(isSameAt);
}
