import type { Random } from '../random.ts';
import { type Coordinates, cellText, paramsOf, type Space } from '../space/space.ts';

/** A point that a strategy wants to see tried. */
export interface Suggestion {
  /** Exact decimal text of the coordinates; unique within a task. */
  readonly cell: string;
  readonly params: Readonly<Record<string, number>>;
}

/** A point that was tried. `value` is its mean selection value; null where every trial of it failed. */
export interface Observation extends Suggestion {
  readonly value: number | null;
}

export interface SearchRequest {
  readonly space: Space;
  /** Points with a final result. */
  readonly history: readonly Observation[];
  /** Points on their way. */
  readonly pending: readonly Suggestion[];
  readonly random: Random;
  /** How many points are wanted; fewer come back where the space has no more. */
  readonly count: number;
}

/**
 * A search strategy: a pure function that never repeats a cell of `history` or `pending`. The same request, with a
 * generator in the same state, gives the same suggestions.
 */
export type Strategy = (request: SearchRequest) => readonly Suggestion[];

export function suggestionAt(coordinates: Coordinates): Suggestion {
  return { cell: cellText(coordinates), params: paramsOf(coordinates) };
}

/** The cells that must not be suggested again. */
export function takenCells({ history, pending }: SearchRequest): Set<string> {
  return new Set([...history, ...pending].map((point) => point.cell));
}
