import type { SearchPlan } from '../../core/search/plan.ts';
import type { SearchHistory, SearchStep } from '../../core/search/session.ts';
import { createThreadPool, type ThreadPool, type ThreadPoolOptions } from './thread-pool.ts';

/** What a step of a search is computed from. Plain data: it is copied into a thread. */
export interface StepRequest {
  readonly plan: SearchPlan;
  readonly history: SearchHistory;
  readonly wanted: number;
}

/** Computes steps of searches; null where a search has to wait for results. */
export type SearchPool = ThreadPool<StepRequest, SearchStep | null>;

export function createSearchPool(options: Partial<ThreadPoolOptions> = {}): SearchPool {
  const program = new URL('./search-thread.js', import.meta.url);
  return createThreadPool({ subject: 'the next points', program, threads: 2, ...options });
}
