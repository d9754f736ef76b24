import type { Encoding } from '../../space/encoding.ts';

/** What a Gaussian process over standardised values is made of. */
export interface Hyperparameters {
  /** One per axis, in unit coordinates. */
  readonly lengthScales: readonly number[];
  /** Variance of the surface. */
  readonly amplitude: number;
  /** Variance of one observation of it. */
  readonly noise: number;
}

/**
 * Matérn-5/2 with one length scale per axis: a (1 + √5 r + 5/3 r²) e^(-√5 r), with r² = Σ (Δ / ℓ)².
 * @see Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, equation 4.17
 */
export interface Kernel {
  readonly featureCount: number;
  readonly amplitude: number;
  /** Covariance of two points, given by their features. */
  between(a: Float64Array, b: Float64Array): number;
  /** The same; adds `factor` times its derivative by the features of `a` to `out`. */
  slope(a: Float64Array, b: Float64Array, factor: number, out: Float64Array): void;
}

const sqrtFive = Math.sqrt(5);

export function createKernel(encoding: Encoding, { lengthScales, amplitude }: Hyperparameters): Kernel {
  const { featureCount } = encoding;
  const weights = Float64Array.from(encoding.scaleOf, (scale) => lengthScales[scale]! ** -2);
  const squaredDistance = (a: Float64Array, b: Float64Array) => {
    let sum = 0;
    for (let f = 0; f < featureCount; f++) {
      const difference = a[f]! - b[f]!;
      sum += weights[f]! * difference * difference;
    }
    return sum;
  };
  return {
    featureCount,
    amplitude,
    between: (a, b) => amplitude * matern(squaredDistance(a, b)),
    slope: (a, b, factor, out) => {
      const common = -factor * amplitude * maternSlope(squaredDistance(a, b));
      for (let f = 0; f < featureCount; f++) out[f]! += common * weights[f]! * (a[f]! - b[f]!);
    },
  };
}

/** The kernel of amplitude 1 as a function of r². */
export function matern(squared: number): number {
  const scaled = sqrtFive * Math.sqrt(squared);
  return (1 + scaled + (5 / 3) * squared) * Math.exp(-scaled);
}

/** -2 times its derivative by r²: 5/3 (1 + √5 r) e^(-√5 r). */
export function maternSlope(squared: number): number {
  const scaled = sqrtFive * Math.sqrt(squared);
  return (5 / 3) * (1 + scaled) * Math.exp(-scaled);
}
