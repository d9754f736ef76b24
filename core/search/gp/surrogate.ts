import { createEncoding } from '../../space/encoding.ts';
import type { Space } from '../../space/space.ts';
import type { Observation } from '../strategy.ts';
import { fitModel, posteriorUnder } from './model.ts';
import type { Posterior } from './posterior.ts';
import { standardisationOf, trainingData } from './strategy.ts';

/** What a Gaussian process believes of a space. Its values are standardised: one of them is `scale` units of the metric. */
export interface Surrogate {
  readonly posterior: Posterior;
  readonly scale: number;
}

/**
 * The surrogate of a search in the metric's own scale. Null where fewer than two points have a value, or there is nothing
 * to search.
 */
export function createSurrogate(space: Space, history: readonly Observation[]): Surrogate | null {
  if (space.axes.length === 0 || history.filter(({ value }) => value !== null).length < 2) return null;
  const encoding = createEncoding(space);
  const data = trainingData(encoding, history);
  const posterior = posteriorUnder(encoding, data, fitModel(encoding, data, { powers: [1] }));
  return { posterior, scale: standardisationOf(history).scale };
}
