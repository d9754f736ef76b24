import type { Page } from '../../core/api/page.ts';
import type { PointAnswer, StepAnswer } from '../../core/api/sweep.ts';
import type { SweepId } from '../../core/ids.ts';
import type { Store, TaskPlace } from '../store/store.ts';
import { notFound } from './trials.ts';

interface TaskListQuery {
  readonly after: TaskPlace | null;
  readonly limit: number;
}

/** What the searches of a sweep chose, and why. */
export interface PointService {
  /** By task, and in the order of suggestion. @throws {AbkdError} NOT_FOUND */
  list(sweep: SweepId, query: TaskListQuery): Promise<Page<PointAnswer>>;
  /** Steps of searches, by task and in their order. @throws {AbkdError} NOT_FOUND */
  listSteps(sweep: SweepId, query: TaskListQuery): Promise<Page<StepAnswer>>;
}

export function createPointService(store: Store): PointService {
  const assertFound = async (sweep: SweepId) => {
    if ((await store.findSweep(sweep)) === null) throw notFound('sweep', sweep);
  };
  return {
    list: async (sweep, { after, limit }) => {
      await assertFound(sweep);
      return pageOf(await store.listPoints({ sweep, after, limit: limit + 1 }), limit);
    },
    listSteps: async (sweep, { after, limit }) => {
      await assertFound(sweep);
      return pageOf(await store.listSteps({ sweep, after, limit: limit + 1 }), limit);
    },
  };
}

/** @param rows one more than the page has tells whether there is another */
function pageOf<Item extends { readonly place: TaskPlace }>(
  rows: readonly Item[],
  limit: number,
): Page<Omit<Item, 'place'>> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const next = rows.length > limit && last !== undefined ? `${last.place.task}.${last.place.ordinal}` : null;
  return { items: items.map(({ place: _, ...item }) => item), next };
}
