import { Cholesky } from '../../linear/cholesky.ts';
import type { TrainingData } from '../../search/gp/fit.ts';
import { createKernel, type Hyperparameters, type Kernel } from '../../search/gp/kernel.ts';
import type { Posterior } from '../../search/gp/posterior.ts';
import type { Encoding } from '../../space/encoding.ts';

/** How smooth surfaces are: twice differentiable, or infinitely often. */
export const smoothnesses = ['matern52', 'squaredExponential'] as const;
export type Smoothness = (typeof smoothnesses)[number];

/** A Gaussian process given its observations, with the logarithm of what they are likely under it. */
export interface FittedProcess extends Posterior {
  /** ln p(y | θ). */
  readonly logLikelihood: number;
}

/** @see Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, algorithm 2.1 */
export function fitProcess(
  encoding: Encoding,
  data: TrainingData,
  hyperparameters: Hyperparameters,
  smoothness: Smoothness,
): FittedProcess {
  const kernel = kernelOf(encoding, hyperparameters, smoothness);
  const { features, values, counts } = data;
  const factor = new Cholesky(features.length);
  const row = new Float64Array(features.length);
  for (const [i, point] of features.entries()) {
    for (let j = 0; j < i; j++) row[j] = kernel.between(point, features[j]!);
    row[i] = hyperparameters.amplitude + hyperparameters.noise / counts[i]!;
    factor.append(row);
  }
  const weights = factor.solve(Float64Array.from(values));
  const fit = weights.reduce((sum, weight, i) => sum + weight * values[i]!, 0);
  const logLikelihood = -0.5 * (fit + factor.logDeterminant() + values.length * Math.log(2 * Math.PI));
  return { encoding, kernel, hyperparameters, data, factor, weights, logLikelihood };
}

function kernelOf(encoding: Encoding, hyperparameters: Hyperparameters, smoothness: Smoothness): Kernel {
  const matern = createKernel(encoding, hyperparameters);
  return smoothness === 'matern52' ? matern : { ...matern, ...squaredExponential(encoding, hyperparameters) };
}

/** a e^(-r² / 2), with r² = Σ (Δ / ℓ)². */
function squaredExponential(
  { featureCount, scaleOf }: Encoding,
  { lengthScales, amplitude }: Hyperparameters,
): Pick<Kernel, 'between' | 'slope'> {
  const weights = Float64Array.from(scaleOf, (scale) => lengthScales[scale]! ** -2);
  const between = (a: Float64Array, b: Float64Array) => {
    let squared = 0;
    for (let f = 0; f < featureCount; f++) squared += weights[f]! * (a[f]! - b[f]!) ** 2;
    return amplitude * Math.exp(-0.5 * squared);
  };
  return {
    between,
    slope: (a, b, factor, out) => {
      const common = -factor * between(a, b);
      for (let f = 0; f < featureCount; f++) out[f]! += common * weights[f]! * (a[f]! - b[f]!);
    },
  };
}
