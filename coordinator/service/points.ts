import type { Page, PointAnswer } from '../../core/api.ts';
import type { SweepId } from '../../core/ids.ts';
import type { PointPlace, Store } from '../store/store.ts';
import { notFound } from './trials.ts';

export interface PointService {
  /** By task, and in the order of suggestion. @throws {AbkdError} NOT_FOUND */
  list(
    sweep: SweepId,
    query: { readonly after: PointPlace | null; readonly limit: number },
  ): Promise<Page<PointAnswer>>;
}

export function createPointService(store: Store): PointService {
  return {
    list: async (sweep, { after, limit }) => {
      if ((await store.findSweep(sweep)) === null) throw notFound('sweep', sweep);
      // One more than asked for tells whether there is another page.
      const rows = await store.listPoints({ sweep, after, limit: limit + 1 });
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      const next = rows.length > limit && last !== undefined ? `${last.place.task}.${last.place.point}` : null;
      return { items: items.map(({ place: _, ...point }) => point), next };
    },
  };
}
