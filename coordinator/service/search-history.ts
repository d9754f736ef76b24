import type { SearchPlan } from '../../core/search/plan.ts';
import type { SearchHistory } from '../../core/search/session.ts';
import type { StoredSearch } from '../store/store.ts';

/** What the store knows of a search, as its next step is decided from it. */
export function historyOf({ method }: Pick<SearchPlan, 'method'>, { points, steps }: StoredSearch): SearchHistory {
  return {
    points: points.map(({ sources, ...point }) => ({ ...point, isChosen: sources.includes(method) })),
    steps,
  };
}
