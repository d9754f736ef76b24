import type { SearchPlan } from '../../core/search/session.ts';

/** A search under so many seeds per point, with nothing that the test does not name. */
export function searchPlan(
  plan: Pick<SearchPlan, 'method' | 'space'> & Partial<Omit<SearchPlan, 'replicates'>>,
  seeds = 1,
): SearchPlan {
  return { seed: 1, points: null, replicates: { min: seeds, max: seeds }, confirm: null, stop: null, ...plan };
}
