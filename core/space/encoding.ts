import { type Axis, axisLength } from './axis.ts';
import { toNumber } from './decimal.ts';
import type { Space } from './space.ts';
import { unitOf, valueAt } from './unit.ts';

/**
 * How a surrogate sees a space. A point is its unit coordinates, one per axis (`unit.ts`); the kernel looks at features,
 * which are linear in them, or 0 and 1 for the choices of a categorical axis.
 *
 * Where alpha and beta are both searched, beta's feature is s = alpha + beta: the divergence changes its nature along
 * lines of constant s (alpha-divergences are s = 1), so that is a direction in which length scales differ.
 */
export interface Encoding {
  readonly axes: readonly Axis[];
  readonly featureCount: number;
  /** For each feature, the number of its length scale: the features of a categorical axis share one. */
  readonly scaleOf: Int32Array;
  readonly scaleCount: number;
  /** Writes the features of unit coordinates. */
  features(unit: ArrayLike<number>, out: Float64Array): Float64Array;
  /** Adds to `out[axis]` the derivative by each unit coordinate of something whose derivative by the features is given. */
  chain(byFeature: ArrayLike<number>, out: Float64Array): Float64Array;
}

export function createEncoding({ axes }: Pick<Space, 'axes'>): Encoding {
  const plane = planeOf(axes);
  const starts: number[] = [];
  const scaleOf: number[] = [];
  for (const [index, axis] of axes.entries()) {
    starts.push(scaleOf.length);
    for (let k = 0; k < (isCategorical(axis) ? axisLength(axis) : 1); k++) scaleOf.push(index);
  }
  return {
    axes,
    featureCount: scaleOf.length,
    scaleOf: Int32Array.from(scaleOf),
    scaleCount: axes.length,
    features: (unit, out) => {
      for (const [index, axis] of axes.entries()) {
        const start = starts[index]!;
        if (!isCategorical(axis)) out[start] = within(unit[index]!);
        else writeChoice(out.subarray(start, start + axisLength(axis)), unit[index]!);
      }
      if (plane !== null) {
        out[starts[plane.beta]!] =
          plane.alphaShare * within(unit[plane.alpha]!) + plane.betaShare * within(unit[plane.beta]!);
      }
      return out;
    },
    chain: (byFeature, out) => {
      for (const [index, axis] of axes.entries()) {
        if (isCategorical(axis)) continue;
        const own = byFeature[starts[index]!]!;
        out[index]! += plane !== null && index === plane.beta ? plane.betaShare * own : own;
      }
      if (plane !== null) out[plane.alpha]! += plane.alphaShare * byFeature[starts[plane.beta]!]!;
      return out;
    },
  };
}

/** A value of 0 lies infinitely far below a logarithmic axis: the kernel takes it as one width of the axis below it. */
function within(unit: number): number {
  return Number.isFinite(unit) ? unit : -1;
}

export function isCategorical(axis: Axis): boolean {
  return axis.kind === 'values' && !axis.ordered;
}

/** Unit coordinates of a point's parameters; values outside an axis (a landmark) lie outside [0, 1]. */
export function unitCoordinates(axes: readonly Axis[], params: Readonly<Record<string, number>>): Float64Array {
  return Float64Array.from(axes, (axis) => createUnitScale(axis)(params[axis.name] ?? Number.NaN));
}

/** From a value to its unit coordinate; outside [0, 1] for a value outside the axis, NaN for a choice that it lacks. */
export function createUnitScale(axis: Axis): (value: number) => number {
  if (isCategorical(axis)) return (value) => choiceUnit(axis, value);
  const [least, greatest] = [valueAt(axis, 0), valueAt(axis, 1)];
  if (least === greatest) return () => 0;
  if (axis.kind !== 'steps' || !axis.log) return (value) => (value - least) / (greatest - least);
  const ratio = Math.log(greatest / least);
  return (value) => Math.log(value / least) / ratio;
}

function choiceUnit(axis: Axis, value: number): number {
  const place = axis.kind === 'values' ? axis.values.findIndex((own) => toNumber(own) === value) : -1;
  return place < 0 ? Number.NaN : unitOf(axis, place);
}

/** 1/√2 at the choice made, so that two different choices are at distance 1. */
function writeChoice(out: Float64Array, unit: number): void {
  out.fill(0);
  out[Math.round(unit * (out.length - 1))] = Math.SQRT1_2;
}

/** Where alpha and beta are, and the shares of their ranges in that of alpha + beta; null where not both are searched. */
function planeOf(axes: readonly Axis[]) {
  const [alpha, beta] = ['alpha', 'beta'].map((name) => axes.findIndex((axis) => axis.name === name)) as [
    number,
    number,
  ];
  if (alpha < 0 || beta < 0 || isCategorical(axes[alpha]!) || isCategorical(axes[beta]!)) return null;
  const [width, height] = [alpha, beta].map((index) => valueAt(axes[index]!, 1) - valueAt(axes[index]!, 0)) as [
    number,
    number,
  ];
  if (width === 0 || height === 0) return null;
  return { alpha, beta, alphaShare: width / (width + height), betaShare: height / (width + height) };
}
