import { defaultHyperparameters, fitHyperparameters } from '../core/search/gp/fit.ts';
import { createPosterior, meanAt } from '../core/search/gp/posterior.ts';
import { trainingData } from '../core/search/gp/strategy.ts';
import type { Observation } from '../core/search/strategy.ts';
import { createEncoding } from '../core/space/encoding.ts';
import type { Space } from '../core/space/space.ts';

/** The tried point with the best posterior mean: with noise, the one that was observed to be best is often not the best. */
export function recommendByPosterior<Point extends Observation>(space: Space, tried: readonly Point[]): Point {
  const encoding = createEncoding(space);
  const data = trainingData(encoding, tried);
  const hyperparameters = fitHyperparameters(encoding, data, [defaultHyperparameters(encoding)]);
  const posterior = createPosterior(encoding, data, hyperparameters);
  const means = data.features.map((features) => meanAt(posterior, features));
  return tried[means.indexOf(Math.max(...means))]!;
}
