import { movesOf } from '../../core/earlystop/moves.ts';
import { createStoppingRule } from '../../core/earlystop/registry.ts';
import { pointsToCome } from '../../core/search/session.ts';
import { searchOfTask } from '../../core/spec/task-search.ts';
import type { Bell } from '../../platform/bell.ts';
import type { Bus } from '../bus/bus.ts';
import type { Events } from '../events.ts';
import type { WaitingTask } from '../store/sql/find-waiting.ts';
import type { Store } from '../store/store.ts';
import { historyOf } from './search-history.ts';

/** Points that wait at rungs of early stopping. */
export interface StoppingService {
  /** Decides about all of them as far as that is possible now. */
  decide(): Promise<void>;
}

export interface StoppingServiceOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly events: Events;
  /** Rung whenever points were stopped: their sweep may be over, and searches know more. */
  readonly finished: Pick<Bell, 'ring'>;
}

export function createStoppingService({ store, bus, events, finished }: StoppingServiceOptions): StoppingService {
  /** True where something was decided: what follows from it may be decided next. */
  const decideTask = async (task: WaitingTask): Promise<boolean> => {
    const stored = await store.readSearch(task.taskId);
    const { plan, stopping } = searchOfTask(stored.spec, stored.ordinal);
    if (stopping === null) return false;
    const history = historyOf(plan, stored);
    const toCome = task.isSearching ? pointsToCome(plan, history, task.plannedPoints) : 0;
    const moves = movesOf(createStoppingRule(stopping), history.points, toCome);
    if (moves.length === 0) return false;
    const moved = new Set(await store.movePoints(task, moves));
    const done = moves.filter((move) => moved.has(move.ordinal));
    for (const move of done) events.pointJudged(task.sweepId, { taskId: task.taskId, ...move });
    if (done.some(({ stops }) => !stops)) bus.publish();
    if (done.some(({ stops }) => stops)) finished.ring();
    return done.length > 0;
  };
  return {
    decide: async () => {
      for (const task of await store.findWaiting()) {
        while (await decideTask(task));
      }
    },
  };
}
