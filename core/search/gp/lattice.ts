import { type Axis, axisLength } from '../../space/axis.ts';
import { toNumber } from '../../space/decimal.ts';
import { type Coordinates, coordinatesAt, type Space } from '../../space/space.ts';
import { placeAt, unitOf, valueAt } from '../../space/unit.ts';

/**
 * The cells of a space in unit coordinates and in doubles, for what is looked at a thousand times per suggestion. What
 * is chosen in the end is asked of the space itself, exactly.
 */
export interface Lattice {
  /** Moves the coordinates to those of their nearest cell, in place. */
  snap(unit: Float64Array): Float64Array;
  /** True where the constraints hold, to rounding. */
  isFeasible(unit: ArrayLike<number>): boolean;
  /** Exact coordinates of the nearest cell. */
  coordinates(unit: ArrayLike<number>): Coordinates;
}

/** Relative slack of the constraints in doubles. */
const rounding = 1e-9;

export function createLattice(space: Space): Lattice {
  const { axes } = space;
  const snaps = axes.map(snapOf);
  const limits = space.constraints.map(({ terms, bound }) => ({
    terms: terms.map(({ name, coefficient }) => ({
      index: axes.findIndex((axis) => axis.name === name),
      coefficient: toNumber(coefficient),
    })),
    bound: toNumber(bound),
  }));
  return {
    snap: (unit) => {
      for (let i = 0; i < unit.length; i++) unit[i] = snaps[i]!(unit[i]!);
      return unit;
    },
    isFeasible: (unit) =>
      limits.every(({ terms, bound }) => {
        const parts = terms.map(({ index, coefficient }) => coefficient * valueAt(axes[index]!, unit[index]!));
        const scale = parts.reduce((sum, part) => sum + Math.abs(part), Math.abs(bound));
        return parts.reduce((sum, part) => sum + part, 0) <= bound + rounding * scale;
      }),
    coordinates: (unit) =>
      coordinatesAt(
        space,
        axes.map((axis, i) => placeAt(axis, unit[i]!)),
      ),
  };
}

/** A coarse axis is a list of places; a fine one is even enough between two of them. */
const listedPlaces = 256;

function snapOf(axis: Axis): (unit: number) => number {
  const length = axisLength(axis);
  if (length <= listedPlaces) {
    const units = Float64Array.from({ length }, (_, place) => unitOf(axis, place));
    return (unit) => units[placeAt(axis, unit)]!;
  }
  if (axis.kind === 'steps' && !axis.log) return (unit) => Math.round(unit * (length - 1)) / (length - 1);
  return (unit) => unitOf(axis, placeAt(axis, unit));
}
