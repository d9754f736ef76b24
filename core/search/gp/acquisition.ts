import type { Random } from '../../random.ts';
import { logImprovement } from '../../stats/normal.ts';
import type { TrainingData } from './fit.ts';
import type { Hyperparameters } from './kernel.ts';
import { createPosterior, dot, jointAt, type Posterior } from './posterior.ts';

/** How good it would be to try a point: larger is better. */
export interface Acquisition {
  value(features: Float64Array): number;
  /** The same; writes the derivative by the features. */
  slope(features: Float64Array, out: Float64Array): number;
}

/** One way in which the pending points may come out. */
interface Fantasy {
  readonly weights: Float64Array;
  /** The best mean among the observed and pending points. */
  readonly incumbent: number;
}

const fantasyCount = 16;

/**
 * ln of the expected improvement over the best posterior mean (with noise, the best observation is not the best point).
 * Pending points count as observed: their values are drawn from the posterior together, several times, and the
 * improvement is the mean over the draws.
 *
 * @see arXiv 2310.20708 for the logarithm; Snoek and others, "Practical Bayesian optimization", 2012, for the fantasies
 */
export function createLogExpectedImprovement(
  posterior: Posterior,
  data: TrainingData,
  pending: readonly Float64Array[],
  hyperparameters: Hyperparameters,
  random: Random,
): Acquisition {
  const { extended, fantasies } = imagine(posterior, data, pending, hyperparameters, random);
  const { kernel, features: observed, factor } = extended;
  const evaluate = (point: Float64Array, out: Float64Array | null): number => {
    const k = Float64Array.from(observed, (other) => kernel.between(point, other));
    const half = factor.solveLower(Float64Array.from(k));
    const variance = Math.max(kernel.amplitude - dot(half, half), 1e-14 * kernel.amplitude);
    const sd = Math.sqrt(variance);
    const parts = fantasies.map(({ weights, incumbent }) => {
      const z = (dot(k, weights) - incumbent) / sd;
      return { z, ...logImprovement(z) };
    });
    const most = parts.reduce((best, part) => Math.max(best, part.value), Number.NEGATIVE_INFINITY);
    const shares = parts.map((part) => Math.exp(part.value - most));
    const total = shares.reduce((sum, share) => sum + share, 0);
    const value = Math.log(sd) + most + Math.log(total / fantasies.length);
    if (out === null) return value;
    // d ln EI = d ln σ (1 - h' z / h) + (h' / h) dμ / σ, averaged with the fantasies' shares.
    const full = factor.solveUpper(half);
    const byVariance = parts.reduce((sum, part, i) => sum + shares[i]! * (1 - part.derivative * part.z), 0) / total;
    const byMean = parts.map((part, i) => (shares[i]! * part.derivative) / (total * sd));
    out.fill(0);
    for (const [i, other] of observed.entries()) {
      let factorOfCovariance = (-byVariance / variance) * full[i]!;
      for (const [m, fantasy] of fantasies.entries()) factorOfCovariance += byMean[m]! * fantasy.weights[i]!;
      kernel.slope(point, other, factorOfCovariance, out);
    }
    return value;
  };
  return { value: (point) => evaluate(point, null), slope: evaluate };
}

function imagine(
  posterior: Posterior,
  data: TrainingData,
  pending: readonly Float64Array[],
  hyperparameters: Hyperparameters,
  random: Random,
): { readonly extended: Posterior; readonly fantasies: readonly Fantasy[] } {
  if (pending.length === 0) {
    return { extended: posterior, fantasies: [fantasyOf(posterior.weights, data, hyperparameters)] };
  }
  const { mean, factor } = jointAt(posterior, pending);
  const blank = {
    features: [...data.features, ...pending],
    values: Float64Array.from([...data.values, ...pending.map(() => 0)]),
    counts: Float64Array.from([...data.counts, ...pending.map(() => 1)]),
  };
  const extended = createPosterior(posterior.encoding, blank, hyperparameters);
  const fantasies = Array.from({ length: fantasyCount / 2 }, () => {
    const drawn = factor.multiply(Float64Array.from(pending, () => random.normal()));
    // A draw and its mirror image: their mean is exact.
    return [1, -1].map((sign) => {
      const values = Float64Array.from(blank.values);
      for (const [i, deviation] of drawn.entries()) values[data.features.length + i] = mean[i]! + sign * deviation;
      return fantasyOf(extended.factor.solve(Float64Array.from(values)), { ...blank, values }, hyperparameters);
    });
  }).flat();
  return { extended, fantasies };
}

/** K w = y with K = K₀ + D gives the means at the points themselves: K₀ w = y - D w. */
function fantasyOf(weights: Float64Array, { values, counts }: TrainingData, { noise }: Hyperparameters): Fantasy {
  let incumbent = Number.NEGATIVE_INFINITY;
  for (const [i, value] of values.entries()) {
    incumbent = Math.max(incumbent, value - (noise / counts[i]!) * weights[i]!);
  }
  return { weights, incumbent };
}
