import { AbkdError, messageOf } from '../../core/errors.ts';
import type { SweepId, TaskId } from '../../core/ids.ts';
import { pointsWanted } from '../../core/search/demand.ts';
import type { SearchStep } from '../../core/search/session.ts';
import { searchOfTask } from '../../core/spec/task-search.ts';
import { groupBy } from '../../core/stats/group.ts';
import type { Bell } from '../../platform/bell.ts';
import type { Bus } from '../bus/bus.ts';
import type { SearchPool } from '../engine/search-pool.ts';
import type { Events } from '../events.ts';
import type { SearchLoadRow } from '../store/sql/find-searches.ts';
import type { Store, StoredSearch } from '../store/store.ts';

/** A search that is to go on. */
export interface DueSearch {
  readonly sweepId: SweepId;
  readonly taskId: TaskId;
  /** Points that the task had when this was decided. */
  readonly points: number;
  /** Points that it should get. */
  readonly wanted: number;
}

/** Searches whose results decide what is tried next. */
export interface SearchService {
  /** Those that have too little on its way for the workers that are there. */
  findDue(): Promise<readonly DueSearch[]>;
  /**
   * Computes the next points and stores them. Does nothing where others were quicker or the search is over.
   * @throws {AbkdError} INTERNAL where the computation failed, which the status of the sweep then tells; UNAVAILABLE
   */
  advance(search: DueSearch): Promise<void>;
}

export interface SearchServiceOptions {
  readonly store: Store;
  readonly pool: SearchPool;
  readonly bus: Bus;
  readonly events: Events;
  /** Rung whenever a search is over: its sweep may be. */
  readonly finished: Pick<Bell, 'ring'>;
}

export function createSearchService({ store, pool, bus, events, finished }: SearchServiceOptions): SearchService {
  const compute = async (taskId: TaskId, stored: StoredSearch, wanted: number): Promise<SearchStep> => {
    try {
      const { plan } = searchOfTask(stored.spec, stored.ordinal);
      const points = stored.points.map(({ sources, suggestion, ...point }) => ({
        ...point,
        isChosen: sources.includes(plan.method),
        record: suggestion,
      }));
      return await pool.next({ plan: { ...plan, sources: stored.sources }, points, wanted });
    } catch (error) {
      const isStopping = error instanceof AbkdError && error.code === 'UNAVAILABLE';
      if (!isStopping) await store.noteSearchFailure(taskId, messageOf(error));
      throw error;
    }
  };
  return {
    findDue: async () => {
      const sweeps = groupBy(await store.findSearches(), ({ sweepId }) => sweepId);
      return [...sweeps.values()].flatMap(dueOf);
    },
    advance: async ({ sweepId, taskId, points, wanted }) => {
      const stored = await store.readSearch(taskId);
      if (stored.points.length !== points) return;
      const { plan, trials } = searchOfTask(stored.spec, stored.ordinal);
      const step = await compute(taskId, stored, wanted);
      const suggested = step.points.map(({ cell, params, record }, place) => ({
        ordinal: points + place,
        ...{ cell, params, sources: [plan.method], suggestion: record, trials },
      }));
      const { isFinished } = step;
      if (!(await store.appendPoints({ sweepId, taskId, points: suggested, isFinished }))) return;
      events.pointsSuggested(sweepId, { taskId, first: points, count: suggested.length, isFinished });
      bus.publish();
      if (isFinished) finished.ring();
    },
  };
}

function dueOf(tasks: readonly SearchLoadRow[]): readonly DueSearch[] {
  const { maxParallel, replicates, sweepSlots } = tasks[0]!;
  const wanted = pointsWanted(tasks, { maxParallel, replicates, slots: sweepSlots });
  return tasks.flatMap(({ sweepId, taskId, points }, task) =>
    wanted[task] === 0 ? [] : [{ sweepId, taskId, points, wanted: wanted[task]! }],
  );
}
