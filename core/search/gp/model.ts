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
  if (previous !== null && n > alwaysFittedUpTo) {
    if (n < previous.fittedAt * refitGrowth) return previous;
    // With so many points the scale of the values is settled, and the hyper-parameters move little.
    return fitModel(encoding, data, { powers: [previous.power], starts: [previous.hyperparameters], iterations: 15 });
  }
  if (previous?.fittedAt === n) return previous;
  const starts = [defaultHyperparameters(encoding), ...(previous === null ? [] : [previous.hyperparameters])];
  return fitModel(encoding, data, { powers: warpPowers, starts });
}

export interface ModelSearch {
  readonly powers: readonly number[];
  /** Where the fits of the hyper-parameters begin. @default the usual ones */
  readonly starts?: readonly Hyperparameters[];
  /** Of each fit. @default as many as it takes, nearly */
  readonly iterations?: number;
}

/** The model whose evidence is greatest, over the powers. */
export function fitModel(encoding: Encoding, data: TrainingData, search: ModelSearch): Model {
  const { powers, starts = [defaultHyperparameters(encoding)], iterations } = search;
  const fits = powers.map((power) => {
    const { values, logJacobian } = warp(data.values, power);
    const { hyperparameters, value } = fitHyperparameters(encoding, { ...data, values }, starts, iterations);
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
