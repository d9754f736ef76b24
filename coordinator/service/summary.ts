import type { SummaryAnswer } from '../../core/api/summary.ts';
import type { Clock } from '../../core/clock.ts';
import { groupRows, summariseGroups } from '../../core/stats/summary.ts';
import type { Store, SummaryFilter } from '../store/store.ts';
import type { SurfaceService } from './surfaces.ts';

export interface SummaryService {
  /** Best (alpha, beta) per dataset, pair and objective over the trials that match. */
  read(filter: SummaryFilter): Promise<SummaryAnswer>;
}

export function createSummaryService(options: {
  readonly store: Store;
  readonly surfaces: SurfaceService;
  readonly clock: Clock;
}): SummaryService {
  const { store, surfaces, clock } = options;
  return {
    read: async (filter) => {
      const groups = groupRows(await store.readSummaryRows(filter));
      const digests = await surfaces.digests(groups);
      return {
        generatedAt: new Date(clock.now()).toISOString(),
        groups: summariseGroups(groups).map((group, i) => ({ ...group, surface: digests[i]! })),
      };
    },
  };
}
