import type { BelievedPoint } from '../../api/surface.ts';
import type { Random } from '../../random.ts';
import type { TrainingData } from '../../search/gp/fit.ts';
import { momentsAt, type Posterior } from '../../search/gp/posterior.ts';
import { createEncoding, type Encoding, unitCoordinates } from '../../space/encoding.ts';
import type { Space } from '../../space/space.ts';
import type { PointTrials } from '../points.ts';
import { fitSeedModel, type SeedModel } from '../seed-effects.ts';
import { drawProcesses } from './draws.ts';

/** Belief about a surface: a mixture of Gaussian processes, all equally likely. */
export interface SurfaceModel {
  readonly encoding: Encoding;
  readonly posteriors: readonly Posterior[];
  /** The metric's value of 0 and the size of 1 in the processes. */
  readonly offset: number;
  readonly scale: number;
  readonly seeds: SeedModel;
}

/** A point with at least one value. */
export type SurfacePoint = Pick<PointTrials, 'cell' | 'params' | 'sources' | 'inSpace' | 'selectionBySeed'>;

/** What is known of a point: values by seed. */
export interface MeasuredPoint {
  readonly params: Readonly<Record<string, number>>;
  readonly bySeed: ReadonlyMap<number, number>;
}

export type Params = Readonly<Record<string, number>>;

const draws = 16;
/** Multiplications that drawing may take: with many points there are fewer draws, of hyper-parameters that are known better. */
const drawingWork = 3e9;
const evaluationsPerDraw = 20;

export function fitSurface(space: Pick<Space, 'axes'>, points: readonly MeasuredPoint[], random: Random): SurfaceModel {
  const encoding = createEncoding(space);
  const seeds = fitSeedModel(points.map(({ bySeed }) => bySeed));
  const { offset, scale } = standardisation(seeds.means);
  const data: TrainingData = {
    features: points.map(({ params }) => featuresOf(encoding, params)),
    values: seeds.means.map((mean) => (mean - offset) / scale),
    counts: Float64Array.from(points, ({ bySeed }) => bySeed.size),
  };
  const within =
    seeds.variance === null
      ? null
      : { variance: seeds.variance / scale ** 2, degreesOfFreedom: seeds.degreesOfFreedom };
  const affordable = Math.floor(drawingWork / (evaluationsPerDraw * points.length ** 3));
  const count = Math.max(1, Math.min(draws, affordable));
  const posteriors = drawProcesses(encoding, data, within, { count, random });
  return { encoding, posteriors, offset, scale, seeds };
}

export function featuresOf(encoding: Encoding, params: Params): Float64Array {
  return encoding.features(unitCoordinates(encoding.axes, params), new Float64Array(encoding.featureCount));
}

/** All equal: nothing to scale. */
function standardisation(means: Float64Array): { readonly offset: number; readonly scale: number } {
  const offset = means.reduce((sum, mean) => sum + mean, 0) / means.length;
  const sd = Math.sqrt(means.reduce((sum, mean) => sum + (mean - offset) ** 2, 0) / means.length);
  return { offset, scale: sd > 1e-12 * Math.max(1, Math.abs(offset)) ? sd : 1 };
}

/** Mean and standard deviation of the mixture at each place, in the metric's unit. */
export function believe(model: SurfaceModel, params: readonly Params[]): readonly BelievedPoint[] {
  const { posteriors, offset, scale } = model;
  const points = params.map((each) => featuresOf(model.encoding, each));
  const [means, squares] = [new Float64Array(points.length), new Float64Array(points.length)];
  for (const posterior of posteriors) {
    const moments = momentsAt(posterior, points);
    for (let i = 0; i < points.length; i++) {
      means[i]! += moments.means[i]! / posteriors.length;
      squares[i]! += (moments.variances[i]! + moments.means[i]! ** 2) / posteriors.length;
    }
  }
  return params.map((each, i) => {
    const sd = Math.sqrt(Math.max(0, squares[i]! - means[i]! ** 2));
    return { params: each, mean: offset + scale * means[i]!, sd: scale * sd };
  });
}
