import { createEncoding } from '../../space/encoding.ts';
import type { Space } from '../../space/space.ts';
import type { Observation, Suggestion } from '../strategy.ts';
import { createPosterior, type Posterior } from './posterior.ts';
import { obtainHyperparameters, standardisationOf, trainingData } from './strategy.ts';

/** What a Gaussian process believes of a space. Its values are standardised: one of them is `scale` units of the metric. */
export interface Surrogate {
  readonly posterior: Posterior;
  readonly scale: number;
}

/**
 * The surrogate that the strategy would choose the next point by. Null where fewer than two points have a value, or there
 * is nothing to search.
 * @param suggested all points so far in the order of suggestion, whose traces may hold hyper-parameters
 */
export function createSurrogate(
  space: Space,
  history: readonly Observation[],
  suggested: readonly Suggestion[] = history,
): Surrogate | null {
  if (space.axes.length === 0 || history.filter(({ value }) => value !== null).length < 2) return null;
  const encoding = createEncoding(space);
  const data = trainingData(encoding, history);
  const { hyperparameters } = obtainHyperparameters(encoding, data, suggested);
  return { posterior: createPosterior(encoding, data, hyperparameters), scale: standardisationOf(history).scale };
}
