import { AbkdError } from '../errors.ts';
import { type Axis, type AxisRange, axisLength } from '../space/axis.ts';
import { unitCoordinates } from '../space/encoding.ts';
import { countCells, maxListedCells, paramsOf, type Space } from '../space/space.ts';
import type { AbSurface } from './ab-surface.ts';
import { type Blackbox, representativeCells } from './blackbox.ts';
import type { TestProblem } from './problem.ts';

/**
 * The problem under the parameters of a space. A surface over (alpha, beta) is taken as it is; the range of each other
 * function is stretched to that of the space, parameter by parameter in the order of the names.
 *
 * @throws {AbkdError} BAD_CONFIG where the space searches other or too many or too few parameters
 */
export function blackboxOfProblem(problem: TestProblem, space: Space): Blackbox {
  const axes = space.axes.filter((axis) => axisLength(axis) > 1);
  const mismatch = mismatchOf(problem, axes);
  if (mismatch !== null) throw new AbkdError('BAD_CONFIG', `Cannot search ${problem.name}: ${mismatch}`);
  const { tolerance } = problem;
  if (isSurface(problem)) {
    const { value, trial } = problem;
    return { epochs: 1, value: trial, expected: value, optimum: optimumIn(space, value), tolerance };
  }
  const value = (params: Readonly<Record<string, number>>) => problem.value(stretch(problem, axes, params));
  const isWhole = countCells(space) > maxListedCells && space.constraints.length === 0;
  return { epochs: 1, value, expected: value, optimum: isWhole ? problem.optimum : optimumIn(space, value), tolerance };
}

function isSurface(problem: TestProblem): problem is AbSurface {
  return 'trial' in problem;
}

function mismatchOf(problem: TestProblem, axes: readonly Axis[]): string | null {
  const [own, searched] = [Object.keys(problem.axes), axes.map(({ name }) => name)];
  const found = `the space searches ${searched.length === 0 ? 'nothing' : searched.join(', ')}`;
  if (isSurface(problem)) {
    const isSame = own.length === searched.length && own.every((name) => searched.includes(name));
    return isSame ? null : `${found}, expected ${own.join(' and ')}`;
  }
  return own.length === searched.length ? null : `${found}, expected ${own.length} parameters of any name`;
}

/** The parameters at the same place within the ranges of the problem. */
function stretch(
  problem: TestProblem,
  axes: readonly Axis[],
  params: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const unit = unitCoordinates(axes, params);
  const ranges = Object.entries(problem.axes);
  return Object.fromEntries(ranges.map(([name, range], place) => [name, placeWithin(range, unit[place]!)]));
}

function placeWithin(range: AxisRange, unit: number): number {
  const [min, max] =
    'values' in range ? [Math.min(...range.values), Math.max(...range.values)] : [range.min, range.max];
  return min + unit * (max - min);
}

function optimumIn(space: Space, value: TestProblem['value']): number | null {
  const cells = representativeCells(space);
  return cells === null ? null : cells.reduce((best, cell) => Math.max(best, value(paramsOf(cell))), -Infinity);
}
