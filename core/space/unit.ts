import { type Axis, axisLength, axisValue } from './axis.ts';
import { toNumber } from './decimal.ts';

/**
 * Where the value at `place` lies on its axis, from 0 (least) to 1 (greatest), in the axis's own measure: a logarithmic
 * axis has its geometric mean at 0.5. An axis of choices has place / (count - 1), which says nothing about nearness.
 * 0 on an axis of one value.
 */
export function unitOf(axis: Axis, place: number): number {
  const last = axisLength(axis) - 1;
  if (last === 0) return 0;
  if (axis.kind === 'values' && !axis.ordered) return place / last;
  const [least, greatest] = extent(axis);
  return (measure(axis, toNumber(axisValue(axis, place))) - least) / (greatest - least);
}

/** The place whose value lies nearest to `unit`, which may lie outside [0, 1]; of two equally near ones the lower. */
export function placeAt(axis: Axis, unit: number): number {
  const last = axisLength(axis) - 1;
  const within = Math.min(1, Math.max(0, unit));
  if (axis.kind === 'values') return axis.ordered ? nearestPlace(axis, within) : Math.round(within * last);
  if (!axis.log) return Math.round(within * last);
  const [least, greatest] = extent(axis);
  const value = Math.exp(least + within * (greatest - least));
  const place = Math.round((value - toNumber(axis.min)) / toNumber(axis.step));
  return Math.min(last, Math.max(0, place));
}

/** The parameter's value at `unit`, between the values of the axis too; undefined for an axis of choices. */
export function valueAt(axis: Axis, unit: number): number {
  const [least, greatest] = extent(axis);
  const measured = least + unit * (greatest - least);
  return isLog(axis) ? Math.exp(measured) : measured;
}

/** What is asked for at every point of a long history. */
const extents = new WeakMap<Axis, readonly [number, number]>();

/** Least and greatest value, in the axis's measure. */
function extent(axis: Axis): readonly [number, number] {
  const known = extents.get(axis) ?? measureExtent(axis);
  extents.set(axis, known);
  return known;
}

function measureExtent(axis: Axis): readonly [number, number] {
  if (axis.kind === 'values') {
    const values = axis.values.map(toNumber);
    return [Math.min(...values), Math.max(...values)];
  }
  return [measure(axis, toNumber(axis.min)), measure(axis, toNumber(axisValue(axis, axis.count - 1)))];
}

function measure(axis: Axis, value: number): number {
  return isLog(axis) ? Math.log(value) : value;
}

function isLog(axis: Axis): boolean {
  return axis.kind === 'steps' && axis.log;
}

function nearestPlace(axis: Axis, unit: number): number {
  let best = 0;
  for (let place = 1; place < axisLength(axis); place++) {
    if (Math.abs(unitOf(axis, place) - unit) < Math.abs(unitOf(axis, best) - unit)) best = place;
  }
  return best;
}
