import { type Axis, axisHas, axisLength, axisValue } from './axis.ts';
import { type LinearConstraint, satisfies } from './constraint.ts';
import { type Decimal, formatDecimal, toNumber } from './decimal.ts';

/** What one objective searches: axes by name, and linear constraints over them. */
export interface Space {
  /** In the order of their names, each name once. */
  readonly axes: readonly Axis[];
  readonly constraints: readonly LinearConstraint[];
}

/** A value for every axis, in the order of the names. */
export type Coordinates = ReadonlyMap<string, Decimal>;

/** A space with more cells than this, before constraints, is sampled and never listed. */
export const maxListedCells = 100_000;

export function createSpace(axes: readonly Axis[], constraints: readonly LinearConstraint[]): Space {
  return { axes: [...axes].sort((a, b) => (a.name < b.name ? -1 : 1)), constraints };
}

/** Number of cells before constraints; 1 for a space without axes. */
export function countCells(space: Space): number {
  return space.axes.reduce((product, axis) => product * axisLength(axis), 1);
}

/** All cells that satisfy the constraints, the last axis moving fastest. At most {@link maxListedCells} before constraints. */
export function listCells(space: Space): readonly Coordinates[] {
  const cells: Coordinates[] = [];
  for (let cell = 0; cell < countCells(space); cell++) {
    const coordinates = coordinatesAt(space, digitsOf(cell, space));
    if (isFeasible(space, coordinates)) cells.push(coordinates);
  }
  return cells;
}

/** Number of cells that satisfy the constraints; infinite for a space too large to be listed. */
export function countFeasible(space: Space): number {
  return countCells(space) > maxListedCells ? Number.POSITIVE_INFINITY : listCells(space).length;
}

/** The cell with the given place on each axis. */
export function coordinatesAt(space: Space, places: readonly number[]): Coordinates {
  return new Map(space.axes.map((axis, index) => [axis.name, axisValue(axis, places[index]!)]));
}

/** True where every constraint holds. */
export function isFeasible(space: Space, coordinates: Coordinates): boolean {
  return space.constraints.every((constraint) => satisfies(constraint, coordinates));
}

/** True where the coordinates are a cell of the space: on every axis, and within the constraints. */
export function spaceHas(space: Space, coordinates: Coordinates): boolean {
  return space.axes.every((axis) => axisHas(axis, coordinates.get(axis.name)!)) && isFeasible(space, coordinates);
}

/** The identity of a point within its task: `alpha=0.1,beta=-0.2`, names in order; `default` where nothing is searched. */
export function cellText(coordinates: Coordinates): string {
  if (coordinates.size === 0) return 'default';
  return [...coordinates].map(([name, value]) => `${name}=${formatDecimal(value)}`).join(',');
}

/** The values as doubles, each the nearest to its decimal. */
export function paramsOf(coordinates: Coordinates): Readonly<Record<string, number>> {
  return Object.fromEntries([...coordinates].map(([name, value]) => [name, toNumber(value)]));
}

/** Place on each axis of cell `cell`, read as a number whose digits are the places (mixed radix, last axis lowest). */
function digitsOf(cell: number, space: Space): readonly number[] {
  let rest = cell;
  return space.axes
    .toReversed()
    .map((axis) => {
      const place = rest % axisLength(axis);
      rest = Math.floor(rest / axisLength(axis));
      return place;
    })
    .toReversed();
}
