import type { Cholesky } from '../../linear/cholesky.ts';
import type { Moments } from './source-surface.ts';

/**
 * What the others of the observed values say of each of them, noise included: mean y - α / K⁻¹ᵢᵢ, variance 1 / K⁻¹ᵢᵢ.
 * @param factor of K, the covariances of the values
 * @param weights α = K⁻¹ y
 * @see Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, equation 5.12
 */
export function leaveOneOut(factor: Cholesky, weights: Float64Array, values: Float64Array): Moments {
  const inverse = factor.inverse();
  const variances = values.map((_, i) => 1 / inverse[i * (values.length + 1)]!);
  return { means: values.map((value, i) => value - weights[i]! * variances[i]!), variances };
}
