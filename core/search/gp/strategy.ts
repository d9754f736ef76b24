/**
 * Bayesian optimisation with a Gaussian process: a few evenly spread points first, then each time the point whose
 * expected improvement is greatest, given what is observed and what is on its way.
 */
import { createEncoding, type Encoding, unitCoordinates } from '../../space/encoding.ts';
import { suggestRandom } from '../random.ts';
import { suggestSobol } from '../sobol.ts';
import { type Observation, oneByOne, type SearchRequest, type Strategy, type Suggestion } from '../strategy.ts';
import { createLogExpectedImprovement } from './acquisition.ts';
import type { TrainingData } from './fit.ts';
import { maximiseOverSpace } from './maximise.ts';
import { obtainModel, posteriorUnder } from './model.ts';
import { believe } from './posterior.ts';

/** Points before the model takes over: enough to see a trend along every axis. */
export function startPoints(dimensions: number): number {
  return dimensions + 3;
}

export const suggestByGaussianProcess: Strategy = oneByOne(suggestOne);

function suggestOne(request: SearchRequest): readonly Suggestion[] {
  const { space, history, pending } = request;
  const place = history.length + pending.length;
  const finite = history.filter(({ value }) => value !== null);
  if (place < startPoints(space.axes.length) || finite.length < 2 || space.axes.length === 0) {
    return suggestSobol(request);
  }
  const random = request.random.split('gp', place);
  const encoding = createEncoding(space);
  const data = trainingData(encoding, history);
  const model = obtainModel(encoding, data, [...history, ...pending]);
  const posterior = posteriorUnder(encoding, data, model);
  const onTheWay = pending.map(({ params }) => featuresOf(encoding, params));
  const acquisition = createLogExpectedImprovement(believe(posterior, onTheWay));
  const best = maximiseOverSpace({ ...request, random }, encoding, acquisition);
  if (best === null) return suggestRandom(request);
  return [{ ...best.suggestion, trace: { ...model, acquisition: best.value } }];
}

/** Standardised values of the observed points. Points that failed count as bad as the worst that did not. */
export function trainingData(encoding: Encoding, history: readonly Observation[]): TrainingData {
  const { values, mean, scale } = standardisationOf(history);
  return {
    features: history.map(({ params }) => featuresOf(encoding, params)),
    values: Float64Array.from(values, (value) => (value - mean) / scale),
    counts: Float64Array.from(history, ({ count }) => Math.max(1, count)),
  };
}

/** Values with those of failed points filled in, their mean, and the standard deviation that they are divided by. */
export function standardisationOf(history: readonly Observation[]) {
  const finite = history.flatMap(({ value }) => (value === null ? [] : [value]));
  const worst = Math.min(...finite);
  const values = history.map(({ value }) => value ?? worst);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  // All equal: nothing to scale.
  return { values, mean, scale: sd > 1e-12 * Math.max(1, Math.abs(mean)) ? sd : 1 };
}

export function featuresOf(encoding: Encoding, params: Readonly<Record<string, number>>): Float64Array {
  return encoding.features(unitCoordinates(encoding.axes, params), new Float64Array(encoding.featureCount));
}
