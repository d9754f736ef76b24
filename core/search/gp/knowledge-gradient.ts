import { logImprovement } from '../../stats/normal.ts';
import { covariances, dot, type Posterior, varianceLeft } from './posterior.ts';

/**
 * How much better the best of some points is expected to look after one of them has been tried again: the value of
 * information of a trial, in standardised units.
 * @see Frazier, Powell and Dayanik, "The knowledge-gradient policy for correlated normal beliefs", 2009
 */
export interface KnowledgeGradient {
  /** Of `trials` trials of the point with this index. */
  gain(index: number, trials: number): number;
}

/** @param points features of the points of which the best is wanted */
export function createKnowledgeGradient(posterior: Posterior, points: readonly Float64Array[]): KnowledgeGradient {
  const { kernel, factor, weights, hyperparameters } = posterior;
  const solved = points.map((point) => factor.solveLower(covariances(posterior, point)));
  const means = points.map((point) => dot(covariances(posterior, point), weights));
  return {
    gain: (index, trials) => {
      const variance = varianceLeft(kernel, dot(solved[index]!, solved[index]!));
      const spread = Math.sqrt(variance + hyperparameters.noise / trials);
      const slopes = points.map((point, i) =>
        i === index ? variance : kernel.between(point, points[index]!) - dot(solved[i]!, solved[index]!),
      );
      return expectedGain(
        means,
        slopes.map((slope) => slope / spread),
      );
    },
  };
}

/**
 * E max(aᵢ + bᵢ Z) - max aᵢ with Z standard normal: the lines' upper envelope, and the kinks c of which each adds
 * (difference of slopes) times h(-|c|), h being the expected improvement of a standard normal over 0.
 * @see the paper above, equation 14
 */
export function expectedGain(intercepts: readonly number[], slopes: readonly number[]): number {
  const lines = intercepts
    .map((intercept, i) => ({ intercept, slope: slopes[i]! }))
    .sort((a, b) => a.slope - b.slope || a.intercept - b.intercept);
  const envelope: { readonly intercept: number; readonly slope: number; readonly from: number }[] = [];
  for (const line of lines) {
    let from = Number.NEGATIVE_INFINITY;
    while (envelope.length > 0) {
      const last = envelope.at(-1)!;
      from = (last.intercept - line.intercept) / (line.slope - last.slope);
      // Of parallel lines the last is the highest; a line that is overtaken before it leads never leads.
      if (line.slope > last.slope && from > last.from) break;
      envelope.pop();
      from = Number.NEGATIVE_INFINITY;
    }
    envelope.push({ ...line, from });
  }
  return envelope.slice(1).reduce((sum, { slope, from }, i) => {
    return sum + (slope - envelope[i]!.slope) * Math.exp(logImprovement(-Math.abs(from)).value);
  }, 0);
}
