import { createStoppingRule } from '../../core/earlystop/registry.ts';
import { nextRung } from '../../core/earlystop/rungs.ts';
import { AbkdError, messageOf } from '../../core/errors.ts';
import type { SweepId, TaskId } from '../../core/ids.ts';
import { countConfirming } from '../../core/search/confirmation.ts';
import { pointsWanted } from '../../core/search/demand.ts';
import type { SearchStep } from '../../core/search/session.ts';
import { planTrials, searchOfTask } from '../../core/spec/task-search.ts';
import { groupBy } from '../../core/stats/group.ts';
import type { Bell } from '../../platform/bell.ts';
import type { Bus } from '../bus/bus.ts';
import type { SearchPool } from '../engine/search-pool.ts';
import type { Events } from '../events.ts';
import type { SearchLoadRow } from '../store/sql/find-searches.ts';
import type { NewStep, Store, StoredSearch } from '../store/store.ts';
import { historyOf } from './search-history.ts';

/** A search that is to go on. */
export interface DueSearch {
  readonly sweepId: SweepId;
  readonly taskId: TaskId;
  /** Steps that it had when this was decided. */
  readonly steps: number;
  /** Points or further seeds that it should get. */
  readonly wanted: number;
}

/** Searches whose results decide what is tried next. */
export interface SearchService {
  /** Those that have too little on its way for the workers that are there. */
  findDue(): Promise<readonly DueSearch[]>;
  /**
   * Computes the next step and stores it. Does nothing where others were quicker or the search is over.
   * @returns false where the search has to wait for results
   * @throws {AbkdError} INTERNAL where the computation failed, which the status of the sweep then tells; UNAVAILABLE
   */
  advance(search: DueSearch): Promise<boolean>;
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
  const compute = async (taskId: TaskId, stored: StoredSearch, wanted: number): Promise<SearchStep | null> => {
    try {
      const { plan } = searchOfTask(stored.spec, stored.ordinal);
      return await pool.ask({ plan: { ...plan, sources: stored.sources }, history: historyOf(plan, stored), wanted });
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
    advance: async ({ sweepId, taskId, steps, wanted }) => {
      const stored = await store.readSearch(taskId);
      if (stored.steps.length !== steps) return true;
      const step = await compute(taskId, stored, wanted);
      if (step === null) return false;
      const { isFinished, stop } = step;
      if (!(await store.appendStep({ sweepId, taskId, ordinal: steps, ...rowsOf(step, stored) }))) return true;
      const counts = { points: step.points.length, trials: step.trials.length };
      events.searchAdvanced(sweepId, { taskId, step: steps, ...counts, isStopped: stop !== null, isFinished });
      bus.publish();
      if (isFinished) finished.ring();
      return true;
    },
  };
}

/** What a step adds to the store. */
function rowsOf(
  { record, points, trials, isFinished, stop }: SearchStep,
  { spec, ordinal, points: known }: StoredSearch,
): Pick<NewStep, 'record' | 'points' | 'trials' | 'trialsToCome'> {
  const { plan, stopping, trialOf } = searchOfTask(spec, ordinal);
  const rule = stopping === null ? null : createStoppingRule(stopping);
  const first = planTrials(plan.replicates.min, trialOf);
  const confirming = plan.confirm === null ? 0 : countConfirming(plan.confirm, known.filter(isInSpace).length);
  return {
    record,
    points: points.map(({ cell, params }, place) => {
      const at = known.length + place;
      return { ordinal: at, cell, params, sources: [plan.method], firstRung: nextRung(rule, at), trials: first };
    }),
    trials: trials.map((trial) => ({ ...trialOf(trial), point: trial.ordinal })),
    trialsToCome: isFinished ? 0 : stop === null ? null : confirming,
  };
}

function isInSpace({ inSpace }: StoredSearch['points'][number]): boolean {
  return inSpace;
}

function dueOf(tasks: readonly SearchLoadRow[]): readonly DueSearch[] {
  const { maxParallel, replicates, sweepSlots } = tasks[0]!;
  const wanted = pointsWanted(tasks, { maxParallel, replicates, slots: sweepSlots });
  return tasks.flatMap(({ sweepId, taskId, steps }, task) =>
    wanted[task] === 0 ? [] : [{ sweepId, taskId, steps, wanted: wanted[task]! }],
  );
}
