import type { SummaryAnswer } from '../../core/api.ts';
import type { Clock } from '../../core/clock.ts';
import { summarise } from '../../core/stats/summary.ts';
import type { Store, SummaryFilter } from '../store/store.ts';

export interface SummaryService {
  /** Best (alpha, beta) per dataset, pair and objective over the trials that match. */
  read(filter: SummaryFilter): Promise<SummaryAnswer>;
}

export function createSummaryService(store: Store, clock: Clock): SummaryService {
  return {
    read: async (filter) => ({
      generatedAt: new Date(clock.now()).toISOString(),
      groups: summarise(await store.readSummaryRows(filter)),
    }),
  };
}
