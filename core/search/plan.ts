import type { Space } from '../space/space.ts';
import type { Replicates } from './budget.ts';
import type { Confirmation } from './confirmation.ts';
import type { SearchMethod } from './registry.ts';
import type { StopRule } from './stop.ts';
import type { TransferSource } from './transfer.ts';

/** How a task is searched. */
export interface SearchPlan {
  readonly method: SearchMethod;
  readonly space: Space;
  /** Seed of the task's search. */
  readonly seed: number;
  /** Points that the strategy chooses, landmarks not counted; null = all that the space has. */
  readonly points: number | null;
  readonly replicates: Replicates;
  /** Null where the best points are not run again. */
  readonly confirm: Confirmation | null;
  /** Null where the budget is always spent. */
  readonly stop: StopRule | null;
  /** Finished tasks that the search starts from, as they were when the task was submitted. @default none */
  readonly sources?: readonly TransferSource[];
}

/** A search under so many seeds per point that always spends its budget. @default seed 1, all points, one seed each */
export function createSearchPlan(
  plan: Pick<SearchPlan, 'method' | 'space'> & Partial<Omit<SearchPlan, 'replicates'>>,
  seeds = 1,
): SearchPlan {
  return { seed: 1, points: null, replicates: { min: seeds, max: seeds }, confirm: null, stop: null, ...plan };
}
