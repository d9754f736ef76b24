import type { Axis } from '../../space/axis.ts';
import { createUnitScale } from '../../space/encoding.ts';
import type { Observation, SearchRequest, Suggestion } from '../strategy.ts';

/** Points in unit coordinates, and how much each counts. */
export interface PointGroup {
  /** One column per axis, with a value in [0, 1] per point. */
  readonly columns: readonly Float64Array[];
  readonly weights: Float64Array;
}

/** Share of the observed points that count as good, and the most of them: a larger group would blur what is best. */
const goodShare = 0.1;
const mostGood = 25;

/**
 * The better observed points, and all others: the worse ones, those whose trials failed, and those on their way, which
 * are taken to be no good until they prove it (constant liar), so that others are not sent where they are. A point counts
 * as many times as it has trials. Landmarks outside the space are no points of it.
 */
export function splitPoints({ space, history, pending }: Pick<SearchRequest, 'space' | 'history' | 'pending'>): {
  readonly good: PointGroup;
  readonly bad: PointGroup;
} {
  const finite = history.filter(({ value }) => value !== null);
  const isGood = isAmongBest(finite, Math.min(mostGood, Math.ceil(goodShare * history.length)));
  return {
    good: groupOf(space.axes, finite.filter(isGood)),
    bad: groupOf(space.axes, [...history.filter((point) => !isGood(point)), ...pending]),
  };
}

/** Tells the `count` best apart; of equal ones the earlier. Long histories are sorted as plain numbers. */
function isAmongBest(points: readonly Observation[], count: number): (point: Observation) => boolean {
  const values = Float64Array.from(points, ({ value }) => value!).sort();
  const least = values[Math.max(0, values.length - count)] ?? Number.POSITIVE_INFINITY;
  const better = points.filter(({ value }) => value! > least);
  const equal = points.filter(({ value }) => value === least).slice(0, count - better.length);
  const best = new Set([...better, ...equal]);
  return (point) => best.has(point);
}

/** The ends of an axis are on it. */
const rounding = 1e-9;

function groupOf(
  axes: readonly Axis[],
  points: readonly (Suggestion & Partial<Pick<Observation, 'count'>>)[],
): PointGroup {
  const scales = axes.map(createUnitScale);
  const columns = axes.map(() => new Float64Array(points.length));
  const weights = new Float64Array(points.length);
  let kept = 0;
  for (const { params, count = 1 } of points) {
    let isInside = true;
    for (let i = 0; i < axes.length; i++) {
      const unit = scales[i]!(params[axes[i]!.name] ?? Number.NaN);
      columns[i]![kept] = unit;
      isInside &&= Math.abs(unit - 0.5) <= 0.5 + rounding;
    }
    if (isInside) weights[kept++] = Math.max(1, count);
  }
  return { columns: columns.map((column) => column.subarray(0, kept)), weights: weights.subarray(0, kept) };
}
