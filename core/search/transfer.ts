/** Results of finished tasks that a new one starts from. They are chosen once, kept with the task, and not read again. */
import { type Axis, axisHas, axisLength } from '../space/axis.ts';
import { toDecimal } from '../space/decimal.ts';
import { unitCoordinates } from '../space/encoding.ts';
import type { Space } from '../space/space.ts';

/** A finished task with at least five points, whose values differ. */
export interface TransferSource {
  readonly sweepId: string;
  readonly taskId: string;
  readonly dataset: string;
  readonly objective: string;
  readonly points: readonly SourcePoint[];
}

export interface SourcePoint {
  readonly params: Readonly<Record<string, number>>;
  /** Mean selection value, in the metric's unit. */
  readonly value: number;
  /** Trials that the mean is over. */
  readonly count: number;
}

/**
 * ON: the sources count by their weights. MISLEADING: they rank the task's results no better than the task's own model.
 * OUTGROWN: the task has so many results that they need no help.
 */
export type TransferState = 'ON' | 'MISLEADING' | 'OUTGROWN';

/** What the sources counted for in a suggestion. */
export interface TransferTrace {
  readonly state: TransferState;
  /** Weight of each source, in the order in which the task keeps them; what is left of 1 is the task's own. */
  readonly weights: readonly number[];
}

/** Bounds of what is kept with a task: some 50 kB. */
export const transferLimits = {
  sources: 16,
  /** Points of one source. */
  points: 64,
  leastPoints: 5,
} as const;

/**
 * Those of the finished tasks that tell something of a space, cut down to the limits. A point counts where it has a value
 * on every axis and none beside, also outside of the range; on an axis of one value it must be that one.
 * @param candidates the most alike first
 */
export function usableSources(space: Space, candidates: readonly TransferSource[]): readonly TransferSource[] {
  const isOn = (axis: Axis, value: number | undefined) =>
    value !== undefined && (axisLength(axis) > 1 || axisHas(axis, toDecimal(value)));
  const isOfSpace = ({ params }: SourcePoint) =>
    Object.keys(params).length === space.axes.length &&
    space.axes.every((axis) => isOn(axis, params[axis.name])) &&
    unitCoordinates(space.axes, params).every(Number.isFinite);
  return candidates
    .flatMap((candidate) => {
      const points = sourcePoints(candidate.points.filter(isOfSpace));
      return points === null ? [] : [{ ...candidate, points }];
    })
    .slice(0, transferLimits.sources);
}

/**
 * The points of a task that are kept as a source; null where they tell nothing. Of more than the limit the better half
 * is kept, which shows the top, and of the others as many, evenly, which show the rest of the space.
 * @param points in the order of suggestion
 */
export function sourcePoints(points: readonly SourcePoint[]): readonly SourcePoint[] | null {
  const { leastPoints, points: most } = transferLimits;
  if (points.length < leastPoints || points.every(({ value }) => value === points[0]!.value)) return null;
  if (points.length <= most) return points;
  const ranked = points.map((_, at) => at).sort((a, b) => points[b]!.value - points[a]!.value || a - b);
  const others = ranked.slice(most / 2);
  const spread = Array.from({ length: most / 2 }, (_, k) => others[Math.floor((k * others.length) / (most / 2))]!);
  const kept = new Set([...ranked.slice(0, most / 2), ...spread]);
  return points.filter((_, at) => kept.has(at));
}
