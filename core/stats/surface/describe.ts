/** How sure is it where the optimum lies: a model of the surface fitted to everything that was measured of it. */
import type { Comparison, OptimumRegion, SurfaceAnswer, SurfaceDigest, TestedPoint } from '../../api.ts';
import { createRandom, type Random } from '../../random.ts';
import { jointAt } from '../../search/gp/posterior.ts';
import { unitCoordinates } from '../../space/encoding.ts';
import { landmarkNames, landmarkSource } from '../../space/geometry.ts';
import type { Space } from '../../space/space.ts';
import type { TaskDefinition } from '../../task.ts';
import { alphaLineName, bestOnAlphaLine } from '../alpha-line.ts';
import { estimate } from '../estimate.ts';
import { leadOver, type Noise, pooledNoise } from '../lead.ts';
import { normalCdf } from '../normal.ts';
import type { PointTrials } from '../points.ts';
import { firstOrderImportance } from './importance.ts';
import { describeLines } from './lines.ts';
import { believe, featuresOf, fitSurface, type SurfaceModel } from './model.ts';
import { chancesOfBest, smallestRegion } from './optimum.ts';
import { describePlane, mostPlaces, type Plane, planeOf } from './plane.ts';

/** Plain data: it is copied into a thread. */
export interface SurfaceRequest {
  readonly space: Space;
  readonly objective: TaskDefinition['objective'];
  /** Points with at least one value. */
  readonly points: readonly SurfacePoint[];
}

export type SurfacePoint = Pick<PointTrials, 'cell' | 'params' | 'sources' | 'inSpace' | 'selectionBySeed'>;

/** The part of the answer that is computed from the results alone. */
export type SurfaceFindings = Pick<
  SurfaceAnswer,
  | 'n'
  | 'plane'
  | 'recommended'
  | 'predicted'
  | 'region'
  | 'tested'
  | 'landmarks'
  | 'lines'
  | 'comparisons'
  | 'importance'
  | 'notes'
>;

/** Points of the space with a value, below which a surface is anybody's guess. */
export const leastPoints = 5;
/** Of the region that holds the optimum. */
const level = 0.9;
/** Of the draws: the same results give the same answer. */
const seed = 1;

/** The points of a request that have a place in the space; a landmark may lie beyond the end of an axis, but on it. */
export function placedPoints({ space, points }: Pick<SurfaceRequest, 'space' | 'points'>): readonly SurfacePoint[] {
  return points.filter(({ params }) => unitCoordinates(space.axes, params).every(Number.isFinite));
}

/** True where there is enough to fit a surface to. */
export function canDescribe(request: Pick<SurfaceRequest, 'space' | 'points'>): boolean {
  return request.space.axes.length > 0 && placedPoints(request).filter(({ inSpace }) => inSpace).length >= leastPoints;
}

/** A pure function of its request, which {@link canDescribe} holds for. */
export function describeSurface(request: SurfaceRequest): SurfaceFindings {
  const { space, objective } = request;
  const random = createRandom(seed);
  const placed = placedPoints(request);
  const { points, raised } = raiseOutliers(placed);
  const measured = points.map(({ params, selectionBySeed }) => ({ params, bySeed: selectionBySeed }));
  const model = fitSurface(space, measured, random.split('hyperparameters'));
  const tested = describeTested(model, placed, random.split('tested'));
  const recommended = tested
    .filter(({ inSpace }) => inSpace)
    .reduce((best, point) => (point.mean > best.mean ? point : best));
  const plane = planeOf(space, recommended.params);
  const { variance, degreesOfFreedom } = model.seeds;
  return {
    n: {
      points: points.length,
      trials: points.reduce((sum, { selectionBySeed }) => sum + selectionBySeed.size, 0),
      noiseSd: variance === null ? null : Math.sqrt(variance),
      degreesOfFreedom,
    },
    plane: describePlane(model, plane),
    recommended,
    predicted: believe(
      model,
      plane.cells.map(({ params }) => params),
    ).reduce((best, cell) => (cell.mean > best.mean ? cell : best)),
    region: describeRegion(model, plane, random.split('region')),
    tested,
    landmarks: landmarksAmong(placed),
    lines: describeLines(model, plane),
    comparisons: compare({ model, points: placed, tested, recommended, objective }),
    importance: space.axes.length > 2 ? firstOrderImportance(model, random.split('importance')) : null,
    notes: notesOn({ request, placed, raised, plane, degreesOfFreedom }),
  };
}

export function digestOf({ n, recommended, region }: SurfaceFindings): SurfaceDigest {
  const { cells: _, ...summary } = region;
  return { trials: n.trials, recommended, region: summary };
}

/**
 * Points that lie far below all others (a student that learnt nothing) say that their place is bad, and would make the
 * model see a cliff where nothing else is: they are raised to three interquartile ranges below the lower quartile.
 */
function raiseOutliers(points: readonly SurfacePoint[]) {
  const means = points.map(meanOf);
  const sorted = [...means].sort((a, b) => a - b);
  const [lower, upper] = [sorted[Math.floor(sorted.length / 4)]!, sorted[Math.floor((3 * sorted.length) / 4)]!];
  const floor = lower - 3 * (upper - lower);
  const isOut = (mean: number) => upper > lower && mean < floor;
  return {
    raised: means.filter(isOut).length,
    points: points.map((point, i) => {
      const lift = floor - means[i]!;
      if (!isOut(means[i]!)) return point;
      return {
        ...point,
        selectionBySeed: new Map([...point.selectionBySeed].map(([at, value]) => [at, value + lift])),
      };
    }),
  };
}

function meanOf({ selectionBySeed }: SurfacePoint): number {
  return estimate([...selectionBySeed.values()])!.mean;
}

function describeTested(model: SurfaceModel, points: readonly SurfacePoint[], random: Random): readonly TestedPoint[] {
  const inSpace = points.filter((point) => point.inSpace);
  const chances = chancesOfBest(
    model,
    inSpace.map(({ params }) => params),
    random,
  );
  const chanceOf = new Map(inSpace.map(({ cell }, i) => [cell, chances[i]!]));
  const beliefs = believe(
    model,
    points.map(({ params }) => params),
  );
  return points
    .map(({ cell, sources, inSpace: isCell, selectionBySeed }, i) => ({
      ...{ cell, sources, inSpace: isCell, ...beliefs[i]! },
      observed: estimate([...selectionBySeed.values()])!,
      chance: chanceOf.get(cell) ?? null,
    }))
    .sort((a, b) => (b.chance ?? -1) - (a.chance ?? -1) || b.mean - a.mean);
}

function describeRegion(model: SurfaceModel, plane: Plane, random: Random): OptimumRegion {
  const chances = chancesOfBest(
    model,
    plane.cells.map(({ params }) => params),
    random,
  );
  const cells = smallestRegion(chances, level).map((at) => ({ params: plane.cells[at]!.params, chance: chances[at]! }));
  const axes = plane.y === null ? [plane.x] : [plane.x, plane.y];
  const extent = axes.map(({ name }) => {
    const values = cells.map(({ params }) => params[name]!);
    return [name, [Math.min(...values), Math.max(...values)] as const] as const;
  });
  return {
    level,
    probability: Math.min(
      1,
      cells.reduce((sum, { chance }) => sum + chance, 0),
    ),
    size: cells.length,
    extent: Object.fromEntries(extent),
    cells,
  };
}

function landmarksAmong(points: readonly SurfacePoint[]) {
  return landmarkNames.flatMap((name) => {
    const point = points.find(({ sources }) => sources.includes(landmarkSource(name)));
    return point === undefined ? [] : [{ name, cell: point.cell }];
  });
}

/** The recommended point against the landmarks and the best point on alpha + beta = 1. */
function compare({
  model,
  points,
  tested,
  recommended,
  objective,
}: {
  readonly model: SurfaceModel;
  readonly points: readonly SurfacePoint[];
  readonly tested: readonly TestedPoint[];
  readonly recommended: TestedPoint;
  readonly objective: TaskDefinition['objective'];
}): readonly Comparison[] {
  const noise = pooledNoise(points.map(({ selectionBySeed }) => selectionBySeed));
  const byCell = new Map(points.map((point) => [point.cell, point]));
  const onLine = bestOnAlphaLine(points, objective, recommended.observed.n / 2);
  const others = [
    ...landmarksAmong(points).map(({ name, cell }) => ({ against: name, cell })),
    ...(onLine === null ? [] : [{ against: alphaLineName, cell: onLine.cell }]),
  ];
  return others.map(({ against, cell }) => {
    const other = tested.find((point) => point.cell === cell)!;
    if (cell === recommended.cell) return { against, other, lead: null, probability: null };
    return {
      ...{ against, other },
      lead: leadAmong(byCell.get(recommended.cell)!, byCell.get(cell)!, points, noise),
      probability: chanceToLead(model, recommended, other),
    };
  });
}

function leadAmong(best: SurfacePoint, other: SurfacePoint, points: readonly SurfacePoint[], noise: Noise) {
  const candidates = points.filter(({ inSpace, cell }) => inSpace && cell !== other.cell).length;
  return leadOver(best.selectionBySeed, other.selectionBySeed, noise, candidates);
}

function chanceToLead(model: SurfaceModel, one: TestedPoint, other: TestedPoint): number {
  const points = [one, other].map(({ params }) => featuresOf(model.encoding, params));
  const chances = model.posteriors.map((posterior) => {
    const { mean, factor } = jointAt(posterior, points);
    // The rows of the factor are what a unit normal moves each point by.
    const [first, second] = [factor.multiply(Float64Array.of(1, 0)), factor.multiply(Float64Array.of(0, 1))];
    const sd = Math.hypot(first[0]! - first[1]!, second[1]!);
    return normalCdf((mean[0]! - mean[1]!) / sd);
  });
  return chances.reduce((sum, chance) => sum + chance, 0) / chances.length;
}

function notesOn(found: {
  readonly request: SurfaceRequest;
  readonly placed: readonly SurfacePoint[];
  readonly raised: number;
  readonly plane: Plane;
  readonly degreesOfFreedom: number;
}): readonly string[] {
  const { request, placed, raised, plane, degreesOfFreedom } = found;
  const unplaced = request.points.length - placed.length;
  const shown = [plane.xs, plane.ys].some((values) => values.length === mostPlaces);
  const fixed = Object.entries(plane.fixed).map(([name, value]) => `${name}=${Number(value.toPrecision(6))}`);
  const notes: readonly (string | false)[] = [
    degreesOfFreedom === 0 &&
      'no two seeds tell of the noise: how much of a difference is chance is a guess of the model',
    fixed.length > 0 && `the plane, and the region in it, are those at ${fixed.join(', ')}`,
    raised > 0 &&
      `${raised} of the points lie far below the others and were raised for the fit: there the surface is lower than shown`,
    unplaced > 0 && `${unplaced} of the points have no place on the axes of the space and were left out`,
    shown && `an axis is shown at no more than ${mostPlaces} of its values`,
  ];
  return notes.filter((note) => note !== false);
}
