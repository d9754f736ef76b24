import { Cholesky } from '../../linear/cholesky.ts';
import type { Encoding } from '../../space/encoding.ts';
import type { TrainingData } from './fit.ts';
import { createKernel, type Hyperparameters, type Kernel } from './kernel.ts';

/** A Gaussian process given its observations. Means and variances are of the surface itself, without noise. */
export interface Posterior {
  readonly encoding: Encoding;
  readonly kernel: Kernel;
  readonly features: readonly Float64Array[];
  readonly factor: Cholesky;
  /** K⁻¹ y. */
  readonly weights: Float64Array;
}

export function createPosterior(encoding: Encoding, data: TrainingData, hyperparameters: Hyperparameters): Posterior {
  const kernel = createKernel(encoding, hyperparameters);
  const factor = new Cholesky(data.features.length + 16);
  const row = new Float64Array(data.features.length);
  for (const [i, point] of data.features.entries()) {
    for (let j = 0; j < i; j++) row[j] = kernel.between(point, data.features[j]!);
    row[i] = kernel.amplitude + hyperparameters.noise / data.counts[i]!;
    factor.append(row);
  }
  return { encoding, kernel, features: data.features, factor, weights: factor.solve(Float64Array.from(data.values)) };
}

/** Covariances of a point with every observed one. */
export function covariances({ kernel, features }: Posterior, point: Float64Array): Float64Array {
  return Float64Array.from(features, (observed) => kernel.between(point, observed));
}

export function meanAt(posterior: Posterior, point: Float64Array): number {
  return dot(covariances(posterior, point), posterior.weights);
}

export function varianceAt(posterior: Posterior, point: Float64Array): number {
  const solved = posterior.factor.solveLower(covariances(posterior, point));
  return Math.max(posterior.kernel.amplitude - dot(solved, solved), 1e-12 * posterior.kernel.amplitude);
}

/** Mean vector and lower Cholesky factor of the joint distribution of the surface at several points. */
export function jointAt(
  posterior: Posterior,
  points: readonly Float64Array[],
): { readonly mean: Float64Array; readonly factor: Cholesky } {
  const solved = points.map((point) => posterior.factor.solveLower(covariances(posterior, point)));
  const factor = new Cholesky(points.length);
  for (const [i, point] of points.entries()) {
    const row = Float64Array.from(
      points.slice(0, i + 1),
      (other, j) => posterior.kernel.between(point, other) - dot(solved[i]!, solved[j]!),
    );
    row[i] = Math.max(row[i]!, 0) + 1e-9 * posterior.kernel.amplitude;
    factor.append(row);
  }
  return { mean: Float64Array.from(points, (point) => meanAt(posterior, point)), factor };
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
