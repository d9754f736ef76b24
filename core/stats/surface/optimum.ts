import type { Random } from '../../random.ts';
import { covariances, dot, jointAt, momentsAt, type Posterior } from '../../search/gp/posterior.ts';
import { featuresOf, type Params, type SurfaceModel } from './model.ts';

/** Joint draws of the surface, over all draws of hyper-parameters together. */
const samples = 4_096;
/** Cells whose joint distribution is drawn; the others are far less likely to be best. */
const mostContenders = 500;
/** In standard deviations below the best cell: what lies further is best in one of 30 000 draws at most. */
const hopeless = 4;

/**
 * The probability of each point that it is the best of them all: the share of joint draws of the surface in which it is.
 * @returns in the order of the points, adding up to 1
 */
export function chancesOfBest(model: SurfaceModel, params: readonly Params[], random: Random): Float64Array {
  const points = params.map((each) => featuresOf(model.encoding, each));
  const chances = new Float64Array(points.length);
  const each = Math.ceil(samples / model.posteriors.length);
  for (const [index, posterior] of model.posteriors.entries()) {
    const contenders = contendersOf(posterior, points);
    const { mean, factor } = jointAt(
      posterior,
      contenders.map((at) => points[at]!),
    );
    const draw = random.split('surface', index);
    const normals = new Float64Array(contenders.length);
    for (let sample = 0; sample < each; sample++) {
      for (let i = 0; i < normals.length; i++) normals[i] = draw.normal();
      const deviations = factor.multiply(normals);
      let best = 0;
      for (let i = 1; i < mean.length; i++) if (mean[i]! + deviations[i]! > mean[best]! + deviations[best]!) best = i;
      chances[contenders[best]!]! += 1 / (each * model.posteriors.length);
    }
  }
  return chances;
}

/** Points that may be best, by how many standard deviations of the difference they lie behind the one of the best mean. */
function contendersOf(posterior: Posterior, points: readonly Float64Array[]): readonly number[] {
  const { means, variances } = momentsAt(posterior, points);
  const top = means.reduce((best, mean, i) => (mean > means[best]! ? i : best), 0);
  const solvedTop = posterior.factor.solve(covariances(posterior, points[top]!));
  const behind = points.map((point, i) => {
    const shared = posterior.kernel.between(point, points[top]!) - dot(covariances(posterior, point), solvedTop);
    const sd = Math.sqrt(Math.max(variances[i]! + variances[top]! - 2 * shared, 1e-12 * posterior.kernel.amplitude));
    return (means[top]! - means[i]!) / sd;
  });
  return points
    .map((_, i) => i)
    .filter((i) => behind[i]! < hopeless)
    .sort((a, b) => behind[a]! - behind[b]! || a - b)
    .slice(0, mostContenders);
}

/** The fewest points that hold the optimum with the given probability, the likeliest first. */
export function smallestRegion(chances: Float64Array, probability: number): readonly number[] {
  const order = [...chances.keys()].sort((a, b) => chances[b]! - chances[a]! || a - b);
  let held = 0;
  const region: number[] = [];
  for (const at of order) {
    if (held >= probability) break;
    region.push(at);
    held += chances[at]!;
  }
  return region;
}
