import { axisLength } from '../space/axis.ts';
import {
  type Coordinates,
  coordinatesAt,
  countCells,
  isFeasible,
  listCells,
  maxListedCells,
  type Space,
} from '../space/space.ts';
import type { TrialTime } from './ab-surface.ts';

type Params = Readonly<Record<string, number>>;

/** What the trials of a search would give, known beforehand. Greater values are better. */
export interface Blackbox {
  readonly epochs: number;
  /** What a trial reports after an epoch; null where it fails. */
  value(params: Params, at: TrialTime): number | null;
  /** What trials of a point give on average; null where they fail. */
  expected(params: Params): number | null;
  /** The greatest expected value in the space; null where it is not known. */
  readonly optimum: number | null;
  /** To fall short of the optimum by no more than this counts as having found it. */
  readonly tolerance: number;
}

/** Values per axis that stand for a plane of more cells than can be listed. */
const latticeSide = 150;

/** The cells of a space, or a lattice over one with too many; null where neither shows what there is. */
export function representativeCells(space: Space): readonly Coordinates[] | null {
  if (countCells(space) <= maxListedCells) return listCells(space);
  const sides = space.axes.map((axis) => Math.min(latticeSide, axisLength(axis)));
  if (sides.reduce((product, side) => product * side, 1) > maxListedCells) return null;
  let lattice: readonly (readonly number[])[] = [[]];
  for (const [index, axis] of space.axes.entries()) {
    const side = sides[index]!;
    const places = Array.from({ length: side }, (_, i) => Math.round((i * (axisLength(axis) - 1)) / (side - 1 || 1)));
    lattice = lattice.flatMap((head) => places.map((place) => [...head, place]));
  }
  return lattice.map((places) => coordinatesAt(space, places)).filter((cell) => isFeasible(space, cell));
}
