import type { Space } from '../../space/space.ts';
import type { Observation } from '../strategy.ts';
import { meansAtObserved } from './posterior.ts';
import { createSurrogate } from './surrogate.ts';

/**
 * The points with a value, best first by posterior mean: with noise, the point that was observed to be best is not the
 * best point. Equal ones stay in the order of suggestion.
 */
export function rankByPosterior<Point extends Observation>(space: Space, history: readonly Point[]): readonly Point[] {
  const surrogate = createSurrogate(space, history);
  if (surrogate === null) return rankByMean(history);
  const means = meansAtObserved(surrogate.posterior);
  return byScore(history.map((point, i) => ({ point, score: means[i]! })));
}

/** The points with a value, best first by their means. */
export function rankByMean<Point extends Observation>(history: readonly Point[]): readonly Point[] {
  return byScore(history.map((point) => ({ point, score: point.value ?? Number.NEGATIVE_INFINITY })));
}

function byScore<Point extends Observation>(
  scored: readonly { readonly point: Point; readonly score: number }[],
): readonly Point[] {
  return scored
    .filter(({ point }) => point.value !== null)
    .sort((a, b) => b.score - a.score)
    .map(({ point }) => point);
}
