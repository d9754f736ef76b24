/**
 * A Gaussian process that expects of a task what finished tasks have shown: its mean is theirs, its covariance is how
 * they differ from one another, and what none of them has shown is left to a kernel of a small amplitude.
 *
 *     f = level + s (m + d + r),   m = Σ wᵢ gᵢ,   cov d = Σ wᵢ gᵢ gᵢᵀ - m mᵀ,   cov r = a k(x, x')
 *
 * with gᵢ the sources' surfaces and wᵢ their weights. m and cov d are the moments of a surface that is gᵢ with
 * probability wᵢ and flat with the probability that is left. A few results then decide between the sources, and between
 * what lies between them. Priors that are learnt from other tasks: arXiv 2109.08215.
 */
import { Cholesky } from '../../linear/cholesky.ts';
import type { Encoding } from '../../space/encoding.ts';
import { meanOf } from '../../stats/estimate.ts';
import type { TrainingData } from './fit.ts';
import { createKernel, type Kernel } from './kernel.ts';
import { leaveOneOut } from './left-out.ts';
import { dot } from './posterior.ts';
import type { Moments, SourceSurface } from './source-surface.ts';
import { chooseSizes, type Sizes } from './transfer-sizes.ts';

/** The sources of a task, and how much each is to count; what the weights leave of 1 counts for none of them. */
export interface TransferPrior {
  readonly encoding: Encoding;
  readonly surfaces: readonly SourceSurface[];
  readonly weights: readonly number[];
}

/** Means and variances are of f in units of s; the means leave out a constant, the same for all points. */
export interface TransferPosterior {
  /** At the observed points, then at those believed. */
  readonly means: Float64Array;
  moments(points: readonly Float64Array[]): Moments;
  /** Adds the derivatives by the features of the mean, times `byMean`, and of the variance, times `byVariance`, to `out`. */
  slope(point: Float64Array, byMean: number, byVariance: number, out: Float64Array): void;
  /** What the other results say of each result: of f and the noise of its trials. */
  leaveOneOut(): Moments;
  /** The same surface after the points were observed exactly as it expects: means stay, variances shrink. */
  believe(points: readonly Float64Array[]): TransferPosterior;
}

/** Variance of the level in units of s: next to nothing is known of it. Before the first result it does not matter. */
const levelVariance = 100;

/** A point as the sources see it. */
interface Trait {
  readonly point: Float64Array;
  /** gᵢ. */
  readonly heights: Float64Array;
  /** m. */
  readonly expected: number;
}

/** Everything of the process but its results. */
interface Model extends TransferPrior {
  readonly kernel: Kernel;
  /** Variance of the level. */
  readonly level: number;
  readonly sizes: Sizes;
}

/** Results in units of s, less what was expected of them. */
interface Surprises {
  readonly traits: readonly Trait[];
  readonly values: Float64Array;
  readonly counts: Float64Array;
}

/** @param results of the task, in the metric's unit; there may be none */
export function createTransferPosterior(prior: TransferPrior, results: TrainingData): TransferPosterior {
  const lengthScales = commonLengthScales(prior.surfaces);
  const kernel = createKernel(prior.encoding, { lengthScales, amplitude: 1, noise: 0 });
  const model = { ...prior, kernel, level: results.features.length === 0 ? 0 : levelVariance };
  const traits = traitsAt(prior, results.features);
  const centre = results.values.length === 0 ? 0 : meanOf([...results.values]);
  const surprises = ({ scale }: Sizes): Surprises => ({
    traits,
    values: results.values.map((value, i) => (value - centre) / scale - traits[i]!.expected),
    counts: results.counts,
  });
  // Of each pair what does not depend on the sizes, computed once for all candidates.
  const pairs = traits.flatMap((trait, i) => traits.slice(0, i + 1).map((other) => partsOf(model, trait, other)));
  const sizes = chooseSizes(prior.surfaces, (candidate) => {
    const seen = surprises(candidate);
    const factor = factorise(seen, candidate, (i, j) => sumOf(pairs[(i * (i + 1)) / 2 + j]!, candidate));
    const half = factor.solveLower(seen.values);
    return -0.5 * (dot(half, half) + factor.logDeterminant()) - half.length * Math.log(candidate.scale);
  });
  return condition({ ...model, sizes }, surprises(sizes));
}

function condition(model: Model, seen: Surprises): TransferPosterior {
  const { kernel, sizes, surfaces, weights: shares } = model;
  const { traits, values, counts } = seen;
  const factor = factorise(seen, sizes, (i, j) => covariance(model, traits[i]!, traits[j]!));
  const weights = factor.solve(Float64Array.from(values));
  const covariancesWith = (trait: Trait) => Float64Array.from(traits, (other) => covariance(model, trait, other));
  const meanOfTrait = (trait: Trait) => trait.expected + dot(covariancesWith(trait), weights);
  return {
    means: Float64Array.from(traits, meanOfTrait),
    moments: (points) => {
      const [means, variances] = [new Float64Array(points.length), new Float64Array(points.length)];
      for (const [i, trait] of traitsAt(model, points).entries()) {
        const k = covariancesWith(trait);
        means[i] = trait.expected + dot(k, weights);
        const half = factor.solveLower(k);
        variances[i] = Math.max(covariance(model, trait, trait) - dot(half, half), 1e-12);
      }
      return { means, variances };
    },
    slope: (point, byMean, byVariance, out) => {
      const [trait] = traitsAt(model, [point]) as [Trait];
      const solved = factor.solve(covariancesWith(trait));
      // dμ = dm + wᵀ dk;  dσ² = d k(x, x) - 2 (K⁻¹ k)ᵀ dk.
      const pulls = weights.map((weight, j) => byMean * weight - 2 * byVariance * solved[j]!);
      for (const [j, other] of traits.entries()) {
        kernel.slope(point, other.point, pulls[j]! * sizes.residual, out);
      }
      // The part of the sources: k = Σ wᵢ gᵢ(x) (gᵢ(x') - m(x')) + ..., k(x, x) = Σ wᵢ gᵢ² - m² + ...
      for (const [i, surface] of surfaces.entries()) {
        const above = ({ heights, expected }: Trait) => heights[i]! - expected;
        const pulled = traits.reduce((sum, other, j) => sum + pulls[j]! * above(other), 0);
        surface.slope(point, shares[i]! * (byMean + pulled + 2 * byVariance * above(trait)), out);
      }
    },
    leaveOneOut: () => {
      const { means, variances } = leaveOneOut(factor, weights, values);
      return { means: means.map((mean, i) => mean + traits[i]!.expected), variances };
    },
    believe: (points) => {
      if (points.length === 0) return condition(model, seen);
      const added = traitsAt(model, points);
      return condition(model, {
        traits: [...traits, ...added],
        values: Float64Array.from([...values, ...added.map((trait) => meanOfTrait(trait) - trait.expected)]),
        counts: Float64Array.from([...counts, ...added.map(() => 1)]),
      });
    },
  };
}

function factorise({ counts }: Surprises, sizes: Sizes, between: (i: number, j: number) => number): Cholesky {
  const factor = new Cholesky(counts.length);
  const row = new Float64Array(counts.length);
  const noise = (sizes.noise / sizes.scale) ** 2;
  for (let i = 0; i < counts.length; i++) {
    for (let j = 0; j <= i; j++) row[j] = between(i, j);
    row[i]! += noise / counts[i]!;
    factor.append(row);
  }
  return factor;
}

/** The two parts of a covariance: what the sources share, level included, and the kernel of what none has shown. */
interface Parts {
  readonly shared: number;
  readonly near: number;
}

function partsOf({ kernel, level, weights }: Omit<Model, 'sizes'>, a: Trait, b: Trait): Parts {
  let shared = level - a.expected * b.expected;
  for (let i = 0; i < weights.length; i++) shared += weights[i]! * a.heights[i]! * b.heights[i]!;
  return { shared, near: kernel.between(a.point, b.point) };
}

function sumOf({ shared, near }: Parts, { residual }: Sizes): number {
  return shared + residual * near;
}

function covariance(model: Model, a: Trait, b: Trait): number {
  return sumOf(partsOf(model, a, b), model.sizes);
}

function traitsAt({ surfaces, weights }: TransferPrior, points: readonly Float64Array[]): readonly Trait[] {
  const means = surfaces.map((surface) => surface.means(points));
  return points.map((point, at) => {
    const heights = Float64Array.from(means, (of) => of[at]!);
    return { point, heights, expected: dot(heights, weights) };
  });
}

/** Geometric means: the surfaces vary about as fast as one another. */
function commonLengthScales(surfaces: readonly SourceSurface[]): readonly number[] {
  return surfaces[0]!.hyperparameters.lengthScales.map((_, axis) =>
    Math.exp(meanOf(surfaces.map(({ hyperparameters }) => Math.log(hyperparameters.lengthScales[axis]!)))),
  );
}
