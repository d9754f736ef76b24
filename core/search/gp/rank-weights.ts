/**
 * How much finished tasks count for a new one: by how well they rank its results, beside how well a model ranks them that
 * knows these results alone, each left out in turn.
 * @see Feurer et al., "Scalable meta-learning for Bayesian optimization using ranking-weighted Gaussian process
 * ensembles", 2018 (arXiv 1802.02219). There the weight of a model is its chance to rank best of all, so that after a few
 * results one of several good sources has it all; here each is set against the own model only.
 */
import type { Random } from '../../random.ts';
import type { Moments } from './source-surface.ts';

/** Draws from what each model says of the results. */
const draws = 128;

/** The pairs of results that each draw from a prediction puts into the wrong order. */
export function rankingLosses(prediction: Moments, values: ArrayLike<number>, random: Random): Float64Array {
  const sds = prediction.variances.map(Math.sqrt);
  return Float64Array.from({ length: draws }, () =>
    misrankedPairs(
      prediction.means.map((mean, i) => mean + sds[i]! * random.normal()),
      values,
    ),
  );
}

function misrankedPairs(predicted: ArrayLike<number>, values: ArrayLike<number>): number {
  let misranked = 0;
  for (let i = 0; i < values.length; i++) {
    for (let j = 0; j < i; j++) {
      if ((predicted[i]! - predicted[j]!) * (values[i]! - values[j]!) < 0) misranked += 1;
    }
  }
  return misranked;
}

/** Share of the draws in which a model loses less than another; those in which they are level count half. */
export function chanceToRankBetter(losses: Float64Array, others: Float64Array): number {
  let better = 0;
  for (let i = 0; i < draws; i++) better += losses[i]! < others[i]! ? 1 : losses[i] === others[i] ? 0.5 : 0;
  return better / draws;
}

/**
 * The weight of each source: its chance to rank better than the own model, divided by the number of sources that count.
 * One whose chance is less than even does not. What the weights leave of 1 is the own model's.
 */
export function weightsOf(sources: readonly Float64Array[], own: Float64Array): readonly number[] {
  const chances = sources.map((losses) => chanceToRankBetter(losses, own));
  const counting = chances.filter((chance) => chance >= 0.5).length;
  return chances.map((chance) => (chance >= 0.5 ? chance / counting : 0));
}
