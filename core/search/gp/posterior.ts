import { Cholesky } from '../../linear/cholesky.ts';
import type { Encoding } from '../../space/encoding.ts';
import type { TrainingData } from './fit.ts';
import { createKernel, type Hyperparameters, type Kernel } from './kernel.ts';

/** A Gaussian process given its observations. Means and variances are of the surface itself, without noise. */
export interface Posterior {
  readonly encoding: Encoding;
  readonly kernel: Kernel;
  readonly hyperparameters: Hyperparameters;
  readonly data: TrainingData;
  /** Of K, the covariances of the observations, noise included. */
  readonly factor: Cholesky;
  /** K⁻¹ y. */
  readonly weights: Float64Array;
}

export function createPosterior(encoding: Encoding, data: TrainingData, hyperparameters: Hyperparameters): Posterior {
  const kernel = createKernel(encoding, hyperparameters);
  const factor = factorOf(kernel, data, hyperparameters);
  return { encoding, kernel, hyperparameters, data, factor, weights: factor.solve(Float64Array.from(data.values)) };
}

/** The same surface after the points were observed exactly as it expects: means stay, variances shrink. */
export function believe(posterior: Posterior, points: readonly Float64Array[]): Posterior {
  if (points.length === 0) return posterior;
  const { encoding, data, hyperparameters } = posterior;
  const believed: TrainingData = {
    features: [...data.features, ...points],
    values: Float64Array.from([...data.values, ...points.map((point) => meanAt(posterior, point))]),
    counts: Float64Array.from([...data.counts, ...points.map(() => 1)]),
  };
  return createPosterior(encoding, believed, hyperparameters);
}

/** Covariances of a point with every observed one. */
export function covariances({ kernel, data }: Posterior, point: Float64Array): Float64Array {
  // A loop: `from` with a function asks an iterator for every value, which costs more than the value.
  const row = new Float64Array(data.features.length);
  for (let i = 0; i < row.length; i++) row[i] = kernel.between(point, data.features[i]!);
  return row;
}

export function meanAt(posterior: Posterior, point: Float64Array): number {
  return dot(covariances(posterior, point), posterior.weights);
}

/** The variance of a point of which the observations explain so much; never 0, as its root is divided by. */
export function varianceLeft({ amplitude }: Kernel, explained: number): number {
  return Math.max(amplitude - explained, 1e-14 * amplitude);
}

/** Means and variances of many points. */
export function momentsAt(
  posterior: Posterior,
  points: readonly Float64Array[],
): { readonly means: Float64Array; readonly variances: Float64Array } {
  const { kernel, data, factor, weights } = posterior;
  const size = data.features.length;
  const [means, variances] = [new Float64Array(points.length), new Float64Array(points.length)];
  const block = new Float64Array(4 * size);
  for (let first = 0; first < points.length; first += 4) {
    const lanes = Math.min(4, points.length - first);
    for (let lane = 0; lane < lanes; lane++) {
      let mean = 0;
      for (let i = 0; i < size; i++) {
        const covariance = kernel.between(points[first + lane]!, data.features[i]!);
        block[4 * i + lane] = covariance;
        mean += covariance * weights[i]!;
      }
      means[first + lane] = mean;
    }
    factor.solveLowerFour(block);
    for (let lane = 0; lane < lanes; lane++) {
      let explained = 0;
      for (let at = lane; at < block.length; at += 4) explained += block[at]! * block[at]!;
      variances[first + lane] = varianceLeft(kernel, explained);
    }
  }
  return { means, variances };
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

/** The means at the observed points, without a kernel: K w = y with K = K₀ + D gives K₀ w = y - D w. */
export function meansAtObserved({ weights, data, hyperparameters }: Posterior): Float64Array {
  return data.values.map((value, i) => value - (hyperparameters.noise / data.counts[i]!) * weights[i]!);
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/**
 * The latest factors. A search asks for almost the same matrix again and again: its first rows are taken from here, and
 * have the same bits as if they were computed again, so that answers do not depend on what was asked before.
 */
const remembered: { hyperparameters: Hyperparameters; data: TrainingData; factor: Cholesky }[] = [];
const remembers = 4;
/** Rows that a factor can take up before it has to move. */
const spareRows = 16;

function factorOf(kernel: Kernel, data: TrainingData, hyperparameters: Hyperparameters): Cholesky {
  const { features, counts } = data;
  const { amplitude } = kernel;
  const [at, known] = latestOf(hyperparameters);
  const shared = known === undefined ? 0 : commonRows(known.data, data);
  const factor =
    known === undefined
      ? new Cholesky(features.length + spareRows)
      : known.factor.copy(shared, features.length + spareRows);
  const row = new Float64Array(features.length);
  for (let i = shared; i < features.length; i++) {
    for (let j = 0; j < i; j++) row[j] = kernel.between(features[i]!, features[j]!);
    row[i] = amplitude + hyperparameters.noise / counts[i]!;
    factor.append(row);
  }
  remembered.splice(at, 1);
  remembered.unshift({ hyperparameters, data, factor });
  return factor;
}

/** The place in `remembered` to be replaced, and what of it can be used. */
function latestOf(hyperparameters: Hyperparameters) {
  const key = JSON.stringify(hyperparameters);
  const found = remembered.findIndex((entry) => JSON.stringify(entry.hyperparameters) === key);
  return [found < 0 ? remembers - 1 : found, remembered[found]] as const;
}

/** How many of the first points are the same in both. */
function commonRows(left: TrainingData, right: TrainingData): number {
  const most = Math.min(left.features.length, right.features.length);
  for (let i = 0; i < most; i++) {
    const [a, b] = [left.features[i]!, right.features[i]!];
    if (left.counts[i] !== right.counts[i] || a.length !== b.length || a.some((value, f) => value !== b[f])) return i;
  }
  return most;
}
