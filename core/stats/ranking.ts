import { meanOf } from './estimate.ts';
import { failedTrials, type PointTrials, pendingTrials } from './points.ts';

/** Search cells that may be called best, best first, and how many had to stay out. */
export interface Ranking {
  readonly ranked: readonly PointTrials[];
  /** Search cells with a value that were left out because they have too few seeds. */
  readonly leftOut: number;
}

/**
 * Search cells by mean selection value; ties go to the earlier suggestion. A cell with one lucky seed must not beat
 * cells with three: only cells with all their seeds count, and of these the ones with at least half as many as the
 * fullest has (half, so that a rerun of a few cells under more seeds does not shut out the others). While no cell is
 * complete, those with the most seeds stand in.
 */
export function rankPoints(points: readonly PointTrials[]): Ranking {
  const valued = points.filter((point) => point.inSpace && point.selectionBySeed.size > 0);
  const complete = valued.filter(isComplete);
  const candidates = complete.length > 0 ? complete : valued;
  const most = Math.max(0, ...candidates.map((point) => point.selectionBySeed.size));
  const least = complete.length > 0 ? most / 2 : most;
  const ranked = candidates
    .filter((point) => point.selectionBySeed.size >= least)
    .map((point) => ({ point, mean: meanOf([...point.selectionBySeed.values()]) }))
    .sort((a, b) => b.mean - a.mean || a.point.ordinal - b.point.ordinal)
    .map(({ point }) => point);
  return { ranked, leftOut: valued.length - ranked.length };
}

function isComplete(point: PointTrials): boolean {
  return pendingTrials(point) === 0 && failedTrials(point) === 0 && point.trials.length === point.selectionBySeed.size;
}
