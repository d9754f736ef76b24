/**
 * Hyper-parameters by maximum a posteriori: the marginal likelihood with weak priors, minimised over logarithms.
 *
 *     -ln p(y | θ) = ½ yᵀ K⁻¹ y + ½ ln |K| + const;   ∂/∂θ = ½ tr((K⁻¹ - ααᵀ) ∂K/∂θ),   α = K⁻¹ y
 *
 * @see Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, equations 5.8 and 5.9
 */
import { Cholesky } from '../../linear/cholesky.ts';
import { minimise } from '../../linear/minimise.ts';
import type { Encoding } from '../../space/encoding.ts';
import { type Hyperparameters, matern, maternSlope } from './kernel.ts';

export interface TrainingData {
  /** Features of each point. */
  readonly features: readonly Float64Array[];
  /** Standardised value of each point. */
  readonly values: Float64Array;
  /** How many observations each value is the mean of: its noise is divided by them. */
  readonly counts: Float64Array;
}

/** Smallest noise variance of standardised values: keeps the matrix well conditioned. */
const leastNoise = 1e-8;
const mostNoise = 4;

/**
 * Weak priors, as -ln p up to constants. Length scales ℓ, in unit coordinates: ℓ² + 0.1 / ℓ², which keeps an axis that
 * has not mattered so far from being taken for one that never will; amplitude a: gamma with shape 2 and rate 1; noise v:
 * gamma with shape 1.1 and rate 30 (values are standardised: noise of 1 would mean no signal at all).
 * The forms are those of Optuna's sampler (optuna/_gp/prior.py), with the first constant raised from 0.1 to 1.
 */
const priors = {
  lengthScale: (log: number): Penalty => {
    const squared = Math.exp(2 * log);
    return { value: squared + 0.1 / squared, slope: 2 * squared - 0.2 / squared };
  },
  amplitude: (log: number): Penalty => ({ value: Math.exp(log) - log, slope: Math.exp(log) - 1 }),
  noise: (log: number): Penalty => ({ value: 30 * Math.exp(log) - 0.1 * log, slope: 30 * Math.exp(log) - 0.1 }),
} as const;

/** A value and its derivative by the logarithm of the hyper-parameter. */
interface Penalty {
  readonly value: number;
  readonly slope: number;
}

export function defaultHyperparameters(encoding: Encoding): Hyperparameters {
  return { lengthScales: Array.from({ length: encoding.scaleCount }, () => 0.6), amplitude: 1, noise: 1e-3 };
}

/** Observations that hyper-parameters are fitted to at most: an evaluation takes as many cubed multiplications. */
const mostFitted = 250;

export interface Fit {
  readonly hyperparameters: Hyperparameters;
  /** -ln of the posterior density of the hyper-parameters, up to a constant. */
  readonly value: number;
}

/** The best of the minima found from the given starts. Of very many observations only so many are looked at, evenly. */
export function fitHyperparameters(
  encoding: Encoding,
  data: TrainingData,
  starts: readonly Hyperparameters[],
  iterations = 60,
): Fit {
  const objective = createNegativeLogPosterior(encoding, thinned(data));
  const bounds = boundsOf(encoding);
  const minima = starts.map((start) => minimise(objective, toLogs(start), bounds, { iterations, tolerance: 1e-8 }));
  const best = minima.reduce((a, b) => (b.value < a.value ? b : a));
  return { hyperparameters: fromLogs(best.x), value: best.value };
}

function thinned({ features, values, counts }: TrainingData): TrainingData {
  const n = features.length;
  if (n <= mostFitted) return { features, values, counts };
  const kept = Array.from({ length: mostFitted }, (_, i) => Math.floor((i * n) / mostFitted));
  return {
    features: kept.map((at) => features[at]!),
    values: Float64Array.from(kept, (at) => values[at]!),
    counts: Float64Array.from(kept, (at) => counts[at]!),
  };
}

function boundsOf({ scaleCount }: Encoding) {
  const scales = (bound: number) => Array.from({ length: scaleCount }, () => Math.log(bound));
  return {
    lower: Float64Array.from([...scales(0.01), Math.log(1e-3), Math.log(leastNoise)]),
    upper: Float64Array.from([...scales(100), Math.log(1e3), Math.log(mostNoise)]),
  };
}

function toLogs({ lengthScales, amplitude, noise }: Hyperparameters): Float64Array {
  return Float64Array.from([...lengthScales, amplitude, noise], Math.log);
}

function fromLogs(logs: Float64Array): Hyperparameters {
  const values = Array.from(logs, Math.exp);
  return { lengthScales: values.slice(0, -2), amplitude: values.at(-2)!, noise: values.at(-1)! };
}

/** Value and gradient by the logarithms of length scales, amplitude, noise. */
export function createNegativeLogPosterior(encoding: Encoding, { features, values, counts }: TrainingData) {
  const n = features.length;
  const { scaleCount, scaleOf } = encoding;
  // Squared differences per length scale of every pair i > j.
  const squares = new Float64Array(((n * (n - 1)) / 2) * scaleCount);
  for (let i = 0, at = 0; i < n; i++) {
    for (let j = 0; j < i; j++, at += scaleCount) {
      for (const [f, scale] of scaleOf.entries()) squares[at + scale]! += (features[i]![f]! - features[j]![f]!) ** 2;
    }
  }
  const row = new Float64Array(n);
  const covariances = new Float64Array((n * (n - 1)) / 2);
  const slopes = new Float64Array(covariances.length);
  return (logs: Float64Array, gradient: Float64Array): number => {
    const { lengthScales, amplitude, noise } = fromLogs(logs);
    const weights = Float64Array.from(lengthScales, (scale) => scale ** -2);
    const factor = new Cholesky(n);
    for (let i = 0, pair = 0; i < n; i++) {
      for (let j = 0; j < i; j++, pair++) {
        let squared = 0;
        for (let s = 0; s < scaleCount; s++) squared += weights[s]! * squares[pair * scaleCount + s]!;
        covariances[pair] = amplitude * matern(squared);
        slopes[pair] = maternSlope(squared);
        row[j] = covariances[pair]!;
      }
      row[i] = amplitude + noise / counts[i]!;
      factor.append(row);
    }
    const alpha = factor.solve(Float64Array.from(values));
    const inverse = factor.inverse();
    gradient.fill(0);
    let quadratic = 0;
    for (let i = 0, pair = 0; i < n; i++) {
      quadratic += alpha[i]! * values[i]!;
      for (let j = 0; j < i; j++, pair++) {
        // Both halves of the symmetric trace.
        const pull = inverse[i * n + j]! - alpha[i]! * alpha[j]!;
        const slope = pull * amplitude * slopes[pair]!;
        for (let s = 0; s < scaleCount; s++) gradient[s]! += slope * weights[s]! * squares[pair * scaleCount + s]!;
        gradient[scaleCount]! += pull * covariances[pair]!;
      }
      const pull = 0.5 * (inverse[i * n + i]! - alpha[i]! * alpha[i]!);
      gradient[scaleCount]! += pull * amplitude;
      gradient[scaleCount + 1]! += (pull * noise) / counts[i]!;
    }
    return 0.5 * quadratic + 0.5 * factor.logDeterminant() + addPriors(logs, gradient, scaleCount);
  };
}

function addPriors(logs: Float64Array, gradient: Float64Array, scaleCount: number): number {
  let sum = 0;
  for (const [index, log] of logs.entries()) {
    const prior = index < scaleCount ? priors.lengthScale : index === scaleCount ? priors.amplitude : priors.noise;
    const { value, slope } = prior(log);
    sum += value;
    gradient[index]! += slope;
  }
  return sum;
}
