import type { Random } from '../random.ts';
import { unitCoordinates } from '../space/encoding.ts';
import { countCells, listCells, paramsOf, type Space } from '../space/space.ts';
import { createLattice } from './gp/lattice.ts';
import { createPosterior, jointAt, meansAtObserved, momentsAt, type Posterior } from './gp/posterior.ts';
import { createSurrogate } from './gp/surrogate.ts';
import { suggestSobol } from './sobol.ts';
import type { Observation } from './strategy.ts';

/** When a search ends before its budget is spent. */
export interface StopRule {
  /** How much the recommended point may fall short of the best cell, in the metric's unit. */
  readonly within: number;
  /** How sure of that the search must be. */
  readonly probability: number;
}

/** Draws of the whole surface: the probability is known to 0.7 % at 95 %. */
const draws = 1_000;
/** Cells that a surface is drawn at. */
const mostCells = 400;
/** A space with so many cells is looked at as a whole to find them; of a larger one, so many spread over it. */
const listedCells = 2_000;
const spreadCells = 1_024;
/** Multiplications that looking at the cells may take: with many observations there are fewer. */
const screeningWork = 4e8;
const fewestCells = 128;
/** Directions, and distances in unit coordinates, in which cells around the recommended point are looked at. */
const nearDirections = 32;
const nearDistances = [0.01, 0.03, 0.1];
/** The length scales that were fitted, and shorter ones: a fit to few points does not know how rough the surface may be. */
const roughnesses = [1, 0.6];
/** Standard deviations, of a cell and of the recommended one, beyond which a lead is out of the question. */
const optimism = 3.5;

/**
 * Probability that the best observed cell of the space, by posterior mean, is within so much of the best cell there is:
 * the share of surfaces drawn from the posterior on which it is. A space with many cells is drawn at those that may well be
 * the best. Null where there is no surrogate yet.
 * @param history points with a result; landmarks outside the space cannot be recommended, and tell of the surface
 */
export function probabilityWithin(
  space: Space,
  history: readonly (Observation & { readonly inSpace: boolean })[],
  within: number,
  random: Random,
): number | null {
  const surrogate = createSurrogate(space, history);
  if (surrogate === null) return null;
  const recommended = recommendedPlace(surrogate.posterior, history);
  if (recommended === null) return null;
  const cells = cellsOf(space, history, history[recommended]!, random.split('cells'));
  const shares = roughnesses.map((share) =>
    shareWithin(withLengthScales(surrogate.posterior, share), recommended, cells, within / surrogate.scale, random),
  );
  return Math.min(...shares);
}

function withLengthScales({ encoding, data, hyperparameters }: Posterior, share: number): Posterior {
  const lengthScales = hyperparameters.lengthScales.map((scale) => share * scale);
  return createPosterior(encoding, data, { ...hyperparameters, lengthScales });
}

/** Share of the surfaces drawn from the posterior on which an observed cell is within so much of the best of all cells. */
function shareWithin(
  posterior: Posterior,
  recommended: number,
  cells: readonly Float64Array[],
  within: number,
  random: Random,
): number {
  const own = posterior.data.features[recommended]!;
  const { mean, factor } = jointAt(posterior, [own, ...rivalsOf(posterior, own, cells, within)]);
  const normals = random.split('draws');
  let near = 0;
  for (let draw = 0; draw < draws; draw++) {
    const surface = factor.multiply(Float64Array.from(mean, () => normals.normal()));
    let best = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < mean.length; i++) best = Math.max(best, mean[i]! + surface[i]!);
    if (best - (mean[0]! + surface[0]!) <= within) near += 1;
  }
  return near / draws;
}

/** Place in the history of the observed cell of the space with the highest posterior mean; null where there is none. */
function recommendedPlace(
  posterior: Posterior,
  history: readonly (Observation & { readonly inSpace: boolean })[],
): number | null {
  const means = meansAtObserved(posterior);
  const places = [...history.keys()].filter((place) => history[place]!.inSpace && history[place]!.value !== null);
  return places.reduce<number | null>(
    (best, place) => (best === null || means[place]! > means[best]! ? place : best),
    null,
  );
}

/** Unit coordinates of the cells of the space, or of many of them. */
function cellsOf(
  space: Space,
  history: readonly Observation[],
  recommended: Observation,
  random: Random,
): readonly Float64Array[] {
  if (countCells(space) <= listedCells) {
    return listCells(space).map((cell) => unitCoordinates(space.axes, paramsOf(cell)));
  }
  const lattice = createLattice(space);
  const centre = unitCoordinates(space.axes, recommended.params);
  const count = Math.max(fewestCells, Math.min(spreadCells, Math.round(screeningWork / history.length ** 2)));
  const spread = suggestSobol({ space, history: [], pending: [], random, count });
  const around = Array.from({ length: nearDirections }, () => centre.map(() => random.normal())).flatMap((direction) =>
    nearDistances.map((distance) => lattice.snap(centre.map((at, i) => clamp(at + distance * direction[i]!)))),
  );
  return [...spread.map(({ params }) => unitCoordinates(space.axes, params)), ...around.filter(lattice.isFeasible)];
}

function clamp(unit: number): number {
  return Math.min(1, Math.max(0, unit));
}

/** Features of the cells that may exceed the recommended one by more than so much, those most likely to do so. */
function rivalsOf(
  posterior: Posterior,
  recommended: Float64Array,
  cells: readonly Float64Array[],
  within: number,
): readonly Float64Array[] {
  const { encoding } = posterior;
  const features = cells.map((unit) => encoding.features(unit, new Float64Array(encoding.featureCount)));
  const { means, variances } = momentsAt(posterior, [recommended, ...features]);
  const spread = (i: number) => optimism * (Math.sqrt(variances[i]!) + Math.sqrt(variances[0]!));
  return features
    .map((own, place) => ({ own, lead: means[place + 1]! - means[0]! + spread(place + 1) }))
    .filter(({ lead }) => lead > within)
    .sort((one, other) => other.lead - one.lead)
    .slice(0, mostCells)
    .map(({ own }) => own);
}
