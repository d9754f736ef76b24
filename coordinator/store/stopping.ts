import type { Database } from './database.ts';
import { findWaiting } from './sql/find-waiting.ts';
import { lockSweepToMove, movePoints } from './sql/move-points.ts';
import { notifyWork } from './sql/notify-work.ts';
import type { Store } from './store.ts';

type StoppingVerbs = Pick<Store, 'findWaiting' | 'movePoints'>;

/** The part of the store through which points go on from their rungs or stop there. */
export function createStoppingVerbs({ query, transaction, during }: Database): StoppingVerbs {
  return {
    findWaiting: () => during('find trials that wait', () => findWaiting(query)),
    movePoints: ({ sweepId, taskId }, moves) =>
      during('move points from their rungs', () =>
        transaction(async (run) => {
          if (!(await lockSweepToMove(run, sweepId))) return [];
          const moved = await movePoints(run, taskId, moves);
          if (moves.some(({ ordinal, stops }) => !stops && moved.includes(ordinal))) await notifyWork(run, 'queued');
          return moved;
        }),
      ),
  };
}
