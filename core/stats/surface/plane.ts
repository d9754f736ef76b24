import type { Belief, SurfacePlane } from '../../api/surface.ts';
import { createLattice, type Lattice } from '../../search/gp/lattice.ts';
import { type Axis, axisLength, axisValue } from '../../space/axis.ts';
import { toNumber } from '../../space/decimal.ts';
import { isCategorical, unitCoordinates } from '../../space/encoding.ts';
import type { Space } from '../../space/space.ts';
import { placeAt } from '../../space/unit.ts';
import type { Params } from './model.ts';

/** Values of an axis that has more are thinned out evenly. */
export const mostPlaces = 31;

/** Cells over two parameters, the others fixed. */
export interface Plane {
  readonly x: Axis;
  readonly y: Axis | null;
  readonly xs: readonly number[];
  readonly ys: readonly (number | null)[];
  readonly fixed: Params;
  /** Feasible cells, row by row, with their places. */
  readonly cells: readonly PlaneCell[];
  readonly isFeasible: (params: Params) => boolean;
}

export interface PlaneCell {
  readonly row: number;
  readonly column: number;
  readonly params: Params;
}

/**
 * The plane of alpha (to the right) and beta (up); where they are not both searched, the next parameters by name take
 * their places. Further parameters have the values of `centre`.
 */
export function planeOf(space: Space, centre: Params): Plane {
  const [x, y = null] = [...space.axes].sort((a, b) => rankOf(a) - rankOf(b));
  if (x === undefined) throw new RangeError('Cannot lay a plane through a space without parameters');
  const others = space.axes.filter((axis) => axis !== x && axis !== y);
  const fixed = Object.fromEntries(others.map(({ name }) => [name, centre[name]!]));
  const [xs, ys] = [placesOf(x), y === null ? [null] : placesOf(y)];
  const isFeasible = feasibilityOf(space);
  const cells = ys.flatMap((up, row) =>
    xs.map((right, column) => ({ row, column, params: { ...fixed, ...placed(x, right), ...placed(y, up) } })),
  );
  return { x, y, xs, ys, fixed, cells: cells.filter(({ params }) => isFeasible(params)), isFeasible };
}

function rankOf({ name }: Axis): number {
  return name === 'alpha' ? 0 : name === 'beta' ? 1 : 2;
}

function placed(axis: Axis | null, value: number | null): Params {
  return axis === null || value === null ? {} : { [axis.name]: value };
}

function placesOf(axis: Axis): readonly number[] {
  const count = Math.min(mostPlaces, axisLength(axis));
  const places = Array.from({ length: count }, (_, i) => placeAt(axis, count === 1 ? 0 : i / (count - 1)));
  const all = axisLength(axis) <= mostPlaces ? places.map((_, place) => place) : [...new Set(places)];
  return all.map((place) => toNumber(axisValue(axis, place)));
}

/** True where the constraints hold, to rounding. */
function feasibilityOf(space: Space): (params: Params) => boolean {
  const lattice: Lattice = createLattice(space);
  return (params) => lattice.isFeasible(unitCoordinates(space.axes, params));
}

/** @param beliefs what is believed of each cell of the plane, in their order */
export function describePlane(plane: Plane, beliefs: readonly Belief[]): SurfacePlane {
  const { x, y, xs, ys, fixed } = plane;
  const tableOf = (field: keyof Belief) => {
    const table = ys.map(() => xs.map((): number | null => null));
    for (const [i, { row, column }] of plane.cells.entries()) table[row]![column] = beliefs[i]![field];
    return table;
  };
  return { x: x.name, y: y?.name ?? null, xs, ys, fixed, mean: tableOf('mean'), sd: tableOf('sd') };
}

/** True where distances on both axes mean something and they are alpha and beta. */
export function isAlphaBeta({ x, y }: Plane): boolean {
  return x.name === 'alpha' && y?.name === 'beta' && !isCategorical(x) && !isCategorical(y);
}
