import type { TaskDefinition } from '../task.ts';
import { meanOf } from './estimate.ts';
import type { PointTrials } from './points.ts';

/** What the line is called in answers. */
export const alphaLineName = 'alpha+beta=1';

/** Sums of two decimals as doubles differ from 1 by less. */
const rounding = 1e-9;

/**
 * The best point on the line alpha + beta = 1, where the AB divergence is the alpha-divergence: the family that a search of
 * the plane has to beat. Landmarks outside of the space count. Null where no point lies there.
 * @param leastSeeds points with fewer are left out
 * @see arXiv:2505.04560, section 4
 */
export function bestOnAlphaLine<Point extends Pick<PointTrials, 'params' | 'selectionBySeed'>>(
  points: readonly Point[],
  objective: TaskDefinition['objective'],
  leastSeeds: number,
): Point | null {
  const onLine = points
    .filter(({ params, selectionBySeed }) => isOnAlphaLine(params, objective) && selectionBySeed.size >= leastSeeds)
    .map((point) => ({ point, mean: meanOf([...point.selectionBySeed.values()]) }));
  if (onLine.length === 0) return null;
  return onLine.reduce((best, other) => (other.mean > best.mean ? other : best)).point;
}

/** A parameter that is not searched has the objective's value. */
export function isOnAlphaLine(
  params: Readonly<Record<string, number>>,
  objective: TaskDefinition['objective'],
): boolean {
  const { alpha, beta }: Readonly<Record<string, unknown>> = { ...objective, ...params };
  return typeof alpha === 'number' && typeof beta === 'number' && Math.abs(alpha + beta - 1) < rounding;
}
