/** How sure is it where the optimum lies: a model of the surface fitted to everything that was measured of it. */
import type { OptimumRegion, SurfaceAnswer, SurfaceDigest, TestedPoint } from '../../api/surface.ts';
import { createRandom, type Random } from '../../random.ts';
import { unitCoordinates } from '../../space/encoding.ts';
import type { Space } from '../../space/space.ts';
import type { TaskDefinition } from '../../task.ts';
import { estimate } from '../estimate.ts';
import { landmarksAmong } from '../points.ts';
import { compareRecommended } from './comparisons.ts';
import { firstOrderImportance } from './importance.ts';
import { describeLines } from './lines.ts';
import { believe, fitSurface, type SurfaceModel, type SurfacePoint } from './model.ts';
import { chancesOfBest, smallestRegion } from './optimum.ts';
import { raiseOutliers } from './outliers.ts';
import { describePlane, mostPlaces, type Plane, planeOf } from './plane.ts';

/** Plain data: it is copied into a thread. */
export interface SurfaceRequest {
  readonly space: Space;
  readonly objective: TaskDefinition['objective'];
  /** Points with at least one value. */
  readonly points: readonly SurfacePoint[];
}

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
  const cells = believe(
    model,
    plane.cells.map(({ params }) => params),
  );
  const { variance, degreesOfFreedom } = model.seeds;
  return {
    n: {
      points: points.length,
      trials: points.reduce((sum, { selectionBySeed }) => sum + selectionBySeed.size, 0),
      noiseSd: variance === null ? null : Math.sqrt(variance),
      degreesOfFreedom,
    },
    plane: describePlane(plane, cells),
    recommended,
    predicted: cells.reduce((best, cell) => (cell.mean > best.mean ? cell : best)),
    region: describeRegion(model, plane, random.split('region')),
    tested,
    landmarks: landmarksAmong(placed).map(({ name, point }) => ({ name, cell: point.cell })),
    lines: describeLines(model, plane),
    comparisons: compareRecommended({ model, points: placed, tested, recommended, objective }),
    importance: space.axes.length > 2 ? firstOrderImportance(model, random.split('importance')) : null,
    notes: notesOn({ request, placed, raised, plane, degreesOfFreedom }),
  };
}

export function digestOf({ n, recommended, region }: SurfaceFindings): SurfaceDigest {
  const { cells: _, ...summary } = region;
  return { trials: n.trials, recommended, region: summary };
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
