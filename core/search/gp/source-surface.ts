import type { Encoding } from '../../space/encoding.ts';
import { meanOf, sumOfSquares } from '../../stats/estimate.ts';
import type { TransferSource } from '../transfer.ts';
import { defaultHyperparameters, fitHyperparameters, type TrainingData } from './fit.ts';
import type { Hyperparameters } from './kernel.ts';
import { createPosterior, meanAt, momentsAt, type Posterior } from './posterior.ts';
import { featuresOf } from './strategy.ts';

/** What a finished task says of a space: the posterior of its surface, less its mean and in units of its own size. */
export interface SourceSurface {
  readonly hyperparameters: Hyperparameters;
  /** The unit, and the standard deviation of a trial, in the metric's unit. */
  readonly scale: number;
  readonly noise: number;
  means(points: readonly Float64Array[]): Float64Array;
  moments(points: readonly Float64Array[]): Moments;
  /** Adds `factor` times the derivative of the mean by the features to `out`. */
  slope(point: Float64Array, factor: number, out: Float64Array): void;
}

export interface Moments {
  readonly means: Float64Array;
  readonly variances: Float64Array;
}

/** The latest surfaces: a search asks for the same ones with every suggestion. */
const remembered: { readonly key: string; readonly surfaces: readonly SourceSurface[] }[] = [];
const remembers = 32;

/**
 * The surfaces of the sources. Their size is measured over the points of all of them, whatever part of the space each of
 * them looked at most; what a source does not know counts as size, so that one that is all noise is flat here.
 */
export function createSourceSurfaces(encoding: Encoding, sources: readonly TransferSource[]): readonly SourceSurface[] {
  const data = sources.map(({ points }) => ({
    points,
    features: points.map(({ params }) => featuresOf(encoding, params)),
  }));
  const key = JSON.stringify(data.map(({ points, features }) => [points, features.map((feature) => [...feature])]));
  const at = remembered.findIndex((entry) => entry.key === key);
  const [known] = at < 0 ? [] : remembered.splice(at, 1);
  const entry = known ?? { key, surfaces: fitSurfaces(encoding, data) };
  remembered.unshift(entry);
  remembered.splice(remembers);
  return entry.surfaces;
}

interface SourceData {
  readonly points: TransferSource['points'];
  readonly features: readonly Float64Array[];
}

function fitSurfaces(encoding: Encoding, sources: readonly SourceData[]): readonly SourceSurface[] {
  const fitted = sources.map((source) => fitSurface(encoding, source));
  const everywhere = sources.flatMap(({ features }) => features);
  return fitted.map(({ posterior, sd }) => standardise(posterior, sd, everywhere));
}

function standardise(posterior: Posterior, sd: number, everywhere: readonly Float64Array[]): SourceSurface {
  const { kernel, data, weights, hyperparameters } = posterior;
  const over = momentsAt(posterior, everywhere);
  const centre = meanOf([...over.means]);
  const size = Math.sqrt(meanOf(Array.from(over.means, (value, i) => (value - centre) ** 2 + over.variances[i]!)));
  return {
    hyperparameters,
    scale: sd * size,
    noise: sd * Math.sqrt(hyperparameters.noise),
    means: (points) => Float64Array.from(points, (point) => (meanAt(posterior, point) - centre) / size),
    moments: (points) => {
      const { means, variances } = momentsAt(posterior, points);
      return { means: means.map((value) => (value - centre) / size), variances: variances.map((v) => v / size ** 2) };
    },
    slope: (point, factor, out) => {
      for (const [i, observed] of data.features.entries()) {
        kernel.slope(point, observed, (factor / size) * weights[i]!, out);
      }
    },
  };
}

/** The posterior, and the standard deviation of the values, which is its unit. */
function fitSurface(encoding: Encoding, { points, features }: SourceData) {
  const values = points.map(({ value }) => value);
  const level = meanOf(values);
  const sd = Math.sqrt(sumOfSquares(values, level) / values.length);
  const data: TrainingData = {
    features,
    values: Float64Array.from(values, (value) => (value - level) / sd),
    counts: Float64Array.from(points, ({ count }) => count),
  };
  const { hyperparameters } = fitHyperparameters(encoding, data, [defaultHyperparameters(encoding)]);
  return { posterior: createPosterior(encoding, data, hyperparameters), sd };
}
