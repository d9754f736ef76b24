/** Computes the suggestions of a search again from what was recorded with them. */
import { canonicalJson } from '../spec/canonical.ts';
import { type SeenResults, type SuggestionRecord, withChanges } from './record.ts';
import { type SearchedPoint, type SearchPlan, seenPoint, suggestFrom } from './session.ts';
import type { Suggestion } from './strategy.ts';

/** A point with its record; those that no strategy suggested have none. */
export type RecordedPoint = Pick<SearchedPoint, 'ordinal' | 'cell' | 'params' | 'record'>;

export interface ReplayReport {
  readonly suggestions: number;
  readonly reproduced: number;
  /** The first suggestion that came out differently. */
  readonly difference: ReplayDifference | null;
}

export interface ReplayDifference {
  readonly ordinal: number;
  /** Version of the search that made the suggestion. */
  readonly version: number;
  readonly recorded: Pick<Suggestion, 'cell' | 'trace'>;
  /** Null where the strategy has no suggestion at this place. */
  readonly recomputed: Pick<Suggestion, 'cell' | 'trace'> | null;
}

/**
 * Cell and trace of every suggestion are compared, to the last bit. A difference does not spread: each batch is
 * computed from what is recorded.
 * @param points all points of the task in the order of their ordinals
 */
export function replaySearch(plan: SearchPlan, points: readonly RecordedPoint[]): ReplayReport {
  const differences: ReplayDifference[] = [];
  let suggestions = 0;
  let results: SeenResults = new Map();
  let again: readonly Suggestion[] = [];
  for (const point of points) {
    const { record } = point;
    if (record === null) continue;
    suggestions += 1;
    results = withChanges(results, record.seen);
    if (record.batch.place === 0) again = repeatBatch(plan, points, results, record);
    const recomputed = again[record.batch.place] ?? null;
    if (!isSame(point.cell, record, recomputed)) differences.push(describe(point, record, recomputed));
  }
  return { suggestions, reproduced: suggestions - differences.length, difference: differences[0] ?? null };
}

function repeatBatch(
  plan: SearchPlan,
  points: readonly RecordedPoint[],
  results: SeenResults,
  { seed, batch }: SuggestionRecord,
): readonly Suggestion[] {
  const seen = points.flatMap((point) => {
    const result = results.get(point.ordinal);
    return result === undefined ? [] : [seenPoint(point, result)];
  });
  return suggestFrom({ ...plan, seed }, seen, batch.wanted);
}

/** Compared as JSON, the form in which records are kept. */
function isSame(cell: string, { trace }: SuggestionRecord, again: Suggestion | null): boolean {
  return again !== null && cell === again.cell && canonicalJson(trace) === canonicalJson(again.trace ?? null);
}

function describe(
  { ordinal, cell }: RecordedPoint,
  { version, trace }: SuggestionRecord,
  again: Suggestion | null,
): ReplayDifference {
  return {
    ordinal,
    version,
    recorded: { cell, ...(trace === null ? {} : { trace }) },
    recomputed: again === null ? null : { cell: again.cell, ...(again.trace && { trace: again.trace }) },
  };
}
