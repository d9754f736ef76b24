/** The model of a search: from the trace of an earlier suggestion as long as it is recent enough, else fitted. */
import type { Encoding } from '../../space/encoding.ts';
import type { Suggestion } from '../strategy.ts';
import { defaultHyperparameters, fitHyperparameters, type TrainingData } from './fit.ts';
import type { Hyperparameters } from './kernel.ts';
import { createPosterior, type Posterior } from './posterior.ts';
import { warp, warpPowers } from './warp.ts';

export interface Model {
  readonly hyperparameters: Hyperparameters;
  /** Of the transform of the values (`warp.ts`). */
  readonly power: number;
  /** Observed points when it was fitted. */
  readonly fittedAt: number;
}

/** Up to this many observed points everything is fitted anew for every suggestion, then each time there are 15 % more. */
const alwaysFittedUpTo = 50;
const refitGrowth = 1.15;

/** @param suggested all points so far in the order of suggestion, whose traces may hold a model */
export function obtainModel(encoding: Encoding, data: TrainingData, suggested: readonly Suggestion[]): Model {
  const n = data.features.length;
  const previous = latestModel(suggested);
  const isEarly = n <= alwaysFittedUpTo;
  if (previous !== null && (previous.fittedAt === n || (!isEarly && n < previous.fittedAt * refitGrowth))) {
    return previous;
  }
  // With so many points the scale of the values is settled.
  return fitModel(encoding, data, previous === null || isEarly ? warpPowers : [previous.power], previous);
}

/** The model whose evidence is greatest, over the powers. */
export function fitModel(
  encoding: Encoding,
  data: TrainingData,
  powers: readonly number[],
  previous: Model | null = null,
): Model {
  const starts = [defaultHyperparameters(encoding), ...(previous === null ? [] : [previous.hyperparameters])];
  const fits = powers.map((power) => {
    const { values, logJacobian } = warp(data.values, power);
    const { hyperparameters, value } = fitHyperparameters(encoding, { ...data, values }, starts);
    return { model: { hyperparameters, power, fittedAt: data.features.length }, value: value - logJacobian };
  });
  return fits.reduce((best, fit) => (fit.value < best.value ? fit : best)).model;
}

/** The surface under a model, in its own scale. */
export function posteriorUnder(encoding: Encoding, data: TrainingData, { hyperparameters, power }: Model): Posterior {
  return createPosterior(encoding, { ...data, values: warp(data.values, power).values }, hyperparameters);
}

function latestModel(suggested: readonly Suggestion[]): Model | null {
  const trace = suggested.findLast(({ trace }) => (trace?.hyperparameters ?? null) !== null)?.trace;
  if (trace === undefined) return null;
  return { hyperparameters: trace.hyperparameters!, power: trace.power ?? 1, fittedAt: trace.fittedAt };
}
