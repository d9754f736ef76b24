import type { Random } from '../random.ts';
import { type Coordinates, cellText, paramsOf, type Space } from '../space/space.ts';
import type { Hyperparameters } from './gp/kernel.ts';
import type { TransferSource, TransferTrace } from './transfer.ts';

/** A point that a strategy wants to see tried. */
export interface Suggestion {
  /** Exact decimal text of the coordinates; unique within a task. */
  readonly cell: string;
  readonly params: Readonly<Record<string, number>>;
  /** How the strategy came to it; absent where chance or order alone decided. */
  readonly trace?: SuggestionTrace;
}

/** What a model-based strategy believed when it chose a point. */
export interface SuggestionTrace {
  /** Of the Gaussian process; null for another model. */
  readonly hyperparameters: Hyperparameters | null;
  /** Of the transform of the values that the hyper-parameters are for (`gp/warp.ts`). @default 1 */
  readonly power?: number;
  /** Observed points when the hyper-parameters were fitted. */
  readonly fittedAt: number;
  /** Logarithm of the expected improvement (or of the density ratio) at the point; null where neither chose it. */
  readonly acquisition: number | null;
  /** What finished tasks had to do with it; absent where there are none. */
  readonly transfer?: TransferTrace;
}

/** A point that was tried. */
export interface Observation extends Suggestion {
  /** Mean selection value; null where every trial of it failed. */
  readonly value: number | null;
  /** Trials that the mean is over. */
  readonly count: number;
}

export interface SearchRequest {
  readonly space: Space;
  /** Points with a result, in the order in which they were suggested. */
  readonly history: readonly Observation[];
  /** Points on their way. */
  readonly pending: readonly Suggestion[];
  /** Finished tasks to start from; only some strategies look at them. @default none */
  readonly sources?: readonly TransferSource[];
  readonly random: Random;
  /** How many points are wanted; fewer come back where the space has no more. */
  readonly count: number;
}

/**
 * A search strategy: a pure function that never repeats a cell of `history` or `pending`. The same request, with a
 * generator in the same state, gives the same suggestions. Greater values are better.
 */
export type Strategy = (request: SearchRequest) => readonly Suggestion[];

export function suggestionAt(coordinates: Coordinates): Suggestion {
  return { cell: cellText(coordinates), params: paramsOf(coordinates) };
}

/** The cells that must not be suggested again. */
export function takenCells({ history, pending }: Pick<SearchRequest, 'history' | 'pending'>): Set<string> {
  return new Set([...history, ...pending].map((point) => point.cell));
}

/** A strategy that chooses one point at a time, each beside those before it as if they were on their way. */
export function oneByOne(suggestOne: Strategy): Strategy {
  return (request) => {
    const suggestions: Suggestion[] = [];
    while (suggestions.length < request.count) {
      const [next] = suggestOne({ ...request, pending: [...request.pending, ...suggestions], count: 1 });
      if (next === undefined) break;
      suggestions.push(next);
    }
    return suggestions;
  };
}
