/**
 * What a task's search does next, as a pure function of what the store knows: the same code decides in a coordinator,
 * in a replay and in a simulation.
 */
import { createRandom } from '../random.ts';
import type { Space } from '../space/space.ts';
import {
  changesBetween,
  noChanges,
  type PointValue,
  resultsRecorded,
  type SuggestionRecord,
  searchVersion,
} from './record.ts';
import { createStrategy, type SearchMethod } from './registry.ts';
import type { Suggestion } from './strategy.ts';
import type { TransferSource } from './transfer.ts';

/** How a task is searched. */
export interface SearchPlan {
  readonly method: SearchMethod;
  readonly space: Space;
  /** Seed of the task's search. */
  readonly seed: number;
  /** Points that the strategy chooses, landmarks not counted; null = all that the space has. */
  readonly points: number | null;
  /** Finished tasks that the search starts from, as they were when the task was submitted. @default none */
  readonly sources?: readonly TransferSource[];
}

/** PLANNED: all points were known at submission. OPEN: results decide on further ones. FINISHED: no more will come. */
export type SearchState = 'PLANNED' | 'OPEN' | 'FINISHED';

/** A trial as the search sees it. */
export interface SearchedTrial {
  readonly state: 'open' | 'succeeded' | 'failed';
  /** Selection value of a trial that succeeded. */
  readonly value: number | null;
}

/** A point as the search sees it. */
export interface SearchedPoint extends Pick<Suggestion, 'cell' | 'params'> {
  /** Place in the order of suggestion, from 0, without gaps. */
  readonly ordinal: number;
  /** True where the strategy chose it (and perhaps a landmark names it too). */
  readonly isChosen: boolean;
  /** How the strategy came to it; null where it did not. */
  readonly record: SuggestionRecord | null;
  readonly trials: readonly SearchedTrial[];
}

/** A point as a strategy is told of it. */
export interface SeenPoint extends Suggestion {
  readonly ordinal: number;
  /** Null while it is on its way. */
  readonly result: PointValue | null;
}

export interface RecordedSuggestion extends Suggestion {
  readonly record: SuggestionRecord;
}

export interface SearchStep {
  /** New points, to get the next ordinals. */
  readonly points: readonly RecordedSuggestion[];
  /** True where nothing will follow, whatever the open trials bring. */
  readonly isFinished: boolean;
}

/**
 * @param points all points of the task in the order of their ordinals
 * @param wanted how many more points there should be on their way, if the search has them
 */
export function nextStep(plan: SearchPlan, points: readonly SearchedPoint[], wanted: number): SearchStep {
  const chosen = points.filter(({ isChosen }) => isChosen).length;
  const left = plan.points === null ? Number.POSITIVE_INFINITY : plan.points - chosen;
  const count = Math.max(0, Math.min(wanted, left));
  if (left <= 0) return { points: [], isFinished: true };
  const suggested = count === 0 ? [] : suggestRecorded(plan, points, count);
  return { points: suggested, isFinished: suggested.length === left || suggested.length < count };
}

/** The suggestions of a strategy that has seen these points, and nothing else. */
export function suggestFrom(plan: SearchPlan, seen: readonly SeenPoint[], count: number): readonly Suggestion[] {
  const strategy = createStrategy(plan.method, { complete: plan.points === null });
  return strategy({
    space: plan.space,
    history: seen.flatMap(({ result, ...point }) => (result === null ? [] : [{ ...point, ...result }])),
    pending: seen.filter(({ result }) => result === null),
    sources: plan.sources ?? [],
    random: createRandom(plan.seed).split('search'),
    count,
  });
}

/** The point under a result, with what the strategy believed when it chose it. */
export function seenPoint(
  { ordinal, cell, params, record }: Pick<SearchedPoint, 'ordinal' | 'cell' | 'params' | 'record'>,
  result: PointValue | null,
): SeenPoint {
  const trace = record?.trace ?? null;
  return { ordinal, cell, params, result, ...(trace === null ? {} : { trace }) };
}

function suggestRecorded(
  plan: SearchPlan,
  points: readonly SearchedPoint[],
  wanted: number,
): readonly RecordedSuggestion[] {
  const seen = points.map((point) => seenPoint(point, resultOf(point)));
  const changes = changesBetween(resultsRecorded(points), seen);
  return suggestFrom(plan, seen, wanted).map((suggestion, place) => ({
    ...suggestion,
    record: {
      version: searchVersion,
      seed: plan.seed,
      batch: { place, wanted },
      seen: place === 0 ? changes : noChanges,
      trace: suggestion.trace ?? null,
    },
  }));
}

/** A point has a result once one of its trials has succeeded, or all have ended without; until then it is pending. */
function resultOf({ trials }: SearchedPoint): PointValue | null {
  const values = trials.flatMap(({ value }) => (value === null ? [] : [value]));
  if (values.length > 0) return { value: mean(values), count: values.length };
  return trials.every(({ state }) => state !== 'open') ? { value: null, count: 0 } : null;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
