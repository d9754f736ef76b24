import { meanOf } from './estimate.ts';
import type { PointTrials } from './points.ts';

/** Search cells that may be called best, best first, and how many had to stay out. */
export interface Ranking {
  readonly ranked: readonly PointTrials[];
  /** Search cells with a value that were left out because they have too few seeds. */
  readonly leftOut: number;
}

/**
 * Search cells by mean selection value, confirmed ones (by their fresh seeds) before all others; ties go to the earlier
 * suggestion. A cell with one lucky seed must not beat cells with three: only cells with all their seeds count, and of these
 * the ones with at least half as many as the fullest has (half, so that a rerun of a few cells under more seeds does not
 * shut out the others). While no cell is complete, those with the most seeds stand in.
 */
export function rankPoints(points: readonly PointTrials[]): Ranking {
  const inSpace = points.filter((point) => point.inSpace);
  const confirmed = byMean(inSpace, ({ freshBySeed }) => freshBySeed, 0.5);
  const valued = inSpace.filter((point) => point.selectionBySeed.size > 0 && !confirmed.includes(point));
  const complete = valued.filter(isComplete);
  const searched = byMean(complete.length > 0 ? complete : valued, searchValues, complete.length > 0 ? 0.5 : 1);
  return { ranked: [...confirmed, ...searched], leftOut: valued.length - searched.length };
}

function searchValues({ selectionBySeed }: PointTrials): ReadonlyMap<number, number> {
  return selectionBySeed;
}

/** @param share of the seeds that the fullest point has, which a point must have */
function byMean(
  points: readonly PointTrials[],
  valuesOf: (point: PointTrials) => ReadonlyMap<number, number>,
  share: number,
): readonly PointTrials[] {
  const most = Math.max(0, ...points.map((point) => valuesOf(point).size));
  return points
    .filter((point) => valuesOf(point).size > 0 && valuesOf(point).size >= share * most)
    .map((point) => ({ point, mean: meanOf([...valuesOf(point).values()]) }))
    .sort((a, b) => b.mean - a.mean || a.point.ordinal - b.point.ordinal)
    .map(({ point }) => point);
}

/** True where every seed that the search ordered has succeeded. */
function isComplete({ trials }: PointTrials): boolean {
  return trials.every(({ purpose, state }) => purpose === 'CONFIRM' || state === 'SUCCEEDED');
}
