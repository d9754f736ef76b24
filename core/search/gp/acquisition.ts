import { logImprovement } from '../../stats/normal.ts';
import { covariances, dot, meansAtObserved, momentsAt, type Posterior, varianceLeft } from './posterior.ts';

/** How good it would be to try a point: larger is better. */
export interface Acquisition {
  /** At many points, given by their features. */
  values(points: readonly Float64Array[]): Float64Array;
  /** At one point; writes the derivative by its features. */
  slope(point: Float64Array, out: Float64Array): number;
}

/**
 * ln of the expected improvement over the best posterior mean of the points tried (with noise, the best observation is
 * not the best point): ln σ + ln h((μ - best) / σ).
 * @see arXiv 2310.20708
 */
export function createLogExpectedImprovement(posterior: Posterior): Acquisition {
  const { kernel, data, factor, weights } = posterior;
  const incumbent = meansAtObserved(posterior).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return {
    values: (points) => {
      const { means, variances } = momentsAt(posterior, points);
      return means.map((mean, i) => {
        const sd = Math.sqrt(variances[i]!);
        return Math.log(sd) + logImprovement((mean - incumbent) / sd).value;
      });
    },
    slope: (point, out) => {
      const k = covariances(posterior, point);
      const half = factor.solveLower(Float64Array.from(k));
      const variance = varianceLeft(kernel, dot(half, half));
      const sd = Math.sqrt(variance);
      const z = (dot(k, weights) - incumbent) / sd;
      const { value, derivative } = logImprovement(z);
      // d ln EI = (1 - z h'/h) d ln σ + (h'/h) dμ / σ;  d ln σ = -kᵀ K⁻¹ dk / σ²,  dμ = wᵀ dk.
      const full = factor.solveUpper(half);
      const [byVariance, byMean] = [(derivative * z - 1) / variance, derivative / sd];
      out.fill(0);
      for (let i = 0; i < k.length; i++) {
        kernel.slope(point, data.features[i]!, byVariance * full[i]! + byMean * weights[i]!, out);
      }
      return Math.log(sd) + value;
    },
  };
}
