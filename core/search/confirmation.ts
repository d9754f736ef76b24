import type { Space } from '../space/space.ts';
import { rankByMean, rankByPosterior } from './gp/recommend.ts';
import type { AddedTrial } from './record.ts';
import { methodEntry, type SearchMethod } from './registry.ts';
import type { SeededPoint } from './replication.ts';

/**
 * Re-runs of the best points under fresh seeds. The best of many points was lucky under the seeds that chose it: its mean
 * over those is too high, over fresh ones it is right.
 */
export interface Confirmation {
  /** Points that are run again. */
  readonly points: number;
  /** Fresh seeds of each; the same ones for all of them. */
  readonly seeds: number;
}

/** How many trials a confirmation adds to a task with so many points in its space. */
export function countConfirming({ points, seeds }: Confirmation, pointsInSpace: number): number {
  return seeds * Math.min(points, pointsInSpace);
}

/** True where there is a choice whose outcome could have been luck. */
export function isWorthConfirming(pointsInSpace: number): boolean {
  return pointsInSpace > 1;
}

/**
 * The confirming trials: those of the best points of the space, best first, with replicates that no trial has yet.
 * @param history points with a result, in the order of suggestion
 */
export function confirmingTrials(
  { points, seeds }: Confirmation,
  search: { readonly method: SearchMethod; readonly space: Space; readonly replicates: { readonly max: number } },
  history: readonly SeededPoint[],
): readonly AddedTrial[] {
  const ranked =
    methodEntry(search.method).recommendsBy === 'mean' ? rankByMean(history) : rankByPosterior(search.space, history);
  const best = ranked.filter(({ inSpace, succeeded }) => inSpace && succeeded > 0).slice(0, points);
  return best.flatMap(({ ordinal }) =>
    Array.from({ length: seeds }, (_, seed) => ({
      ordinal,
      replicate: search.replicates.max + seed,
      purpose: 'CONFIRM' as const,
    })),
  );
}
