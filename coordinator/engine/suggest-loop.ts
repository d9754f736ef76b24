import { messageOf } from '../../core/errors.ts';
import type { TaskId } from '../../core/ids.ts';
import type { Bell } from '../../platform/bell.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Bus } from '../bus/bus.ts';
import type { DueSearch, SearchService } from '../service/searches.ts';
import { runLoop } from './loop.ts';

const everyMs = 5_000;

/**
 * Lets searches go on: at once after a result or a new worker, which ring `results`, and on every hint of a new sweep;
 * else soon. A search that takes its time holds nobody up: each is on its own, and has one step under way.
 */
export async function runSuggestLoop(options: {
  readonly searches: SearchService;
  readonly results: Bell;
  readonly bus: Bus;
  readonly signal: AbortSignal;
  readonly log: Logger;
}): Promise<void> {
  const { searches, results, bus, signal, log } = options;
  const underWay = new Map<TaskId, Promise<void>>();
  const advance = async (search: DueSearch) => {
    try {
      const mayWantMore = await searches.advance(search);
      underWay.delete(search.taskId);
      if (mayWantMore) results.ring();
    } catch (error) {
      underWay.delete(search.taskId);
      if (!signal.aborted)
        log.warn({ taskId: search.taskId, reason: messageOf(error) }, 'search failed, will be repeated');
    }
  };
  const turn = async () => {
    const due = await searches.findDue();
    for (const search of due) {
      if (!underWay.has(search.taskId)) underWay.set(search.taskId, advance(search));
    }
  };
  const unsubscribe = bus.subscribe(results.ring);
  await runLoop({ name: 'suggest loop', firstAfterMs: 0, everyMs, bell: results, turn, signal, log });
  unsubscribe();
  await Promise.all(underWay.values());
}
