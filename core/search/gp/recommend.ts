import { createEncoding } from '../../space/encoding.ts';
import type { Space } from '../../space/space.ts';
import type { Observation } from '../strategy.ts';
import { fitModel, posteriorUnder } from './model.ts';
import { meansAtObserved } from './posterior.ts';
import { trainingData } from './strategy.ts';
import { warpPowers } from './warp.ts';

/**
 * The points with a value, best first by posterior mean: with noise, the point that was observed to be best is not the
 * best point. Equal ones stay in the order of suggestion.
 */
export function rankByPosterior<Point extends Observation>(space: Space, history: readonly Point[]): readonly Point[] {
  if (space.axes.length === 0 || history.filter(({ value }) => value !== null).length < 2) return rankByMean(history);
  const encoding = createEncoding(space);
  const data = trainingData(encoding, history);
  const means = meansAtObserved(posteriorUnder(encoding, data, fitModel(encoding, data, { powers: warpPowers })));
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
