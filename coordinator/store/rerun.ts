import { AbkdError } from '../../core/errors.ts';
import type { SweepId } from '../../core/ids.ts';
import { isFinalSweepState, type RerunKind, type SweepState } from '../../core/sweep.ts';
import type { Query } from './database.ts';
import { lockSweepAgainstAll } from './sql/cancel-sweep.ts';
import { notifyWork } from './sql/notify-work.ts';
import { countRunning, openSearches, queueAgain, takeUpSweep } from './sql/rerun-sweep.ts';
import type { RerunTask } from './store.ts';

const described = { missing: 'what is missing', failed: 'what failed' } as const satisfies Record<RerunKind, string>;

/** One transaction of `Store.rerunSweep`. Null where there is no such sweep. */
export async function rerunSweep(query: Query, id: SweepId, kind: RerunKind): Promise<readonly RerunTask[] | null> {
  const state = await lockSweepAgainstAll(query, id);
  if (state === null) return null;
  const refuse = (reason: string) =>
    new AbkdError('CONFLICT', `Cannot rerun ${described[kind]} of sweep ${id}: ${reason}`);
  const obstacle = await obstacleTo(query, id, kind, state);
  if (obstacle !== null) throw refuse(obstacle);
  const queued = await queueAgain(query, id, kind === 'failed' ? 'FAILED' : 'CANCELLED');
  const opened = kind === 'missing' ? await openSearches(query, id) : [];
  if (queued.length + opened.length === 0) throw refuse('there is none');
  await takeUpSweep(query, id);
  await notifyWork(query, 'queued');
  return byTask(queued, opened);
}

async function obstacleTo(query: Query, id: SweepId, kind: RerunKind, state: SweepState): Promise<string | null> {
  if (kind === 'missing' && !isFinalSweepState(state)) return `it is ${state}, expected one that is over`;
  if (state !== 'CANCELLED') return null;
  // Taken up now, they would be queued as well instead of stopped.
  const running = await countRunning(query, id);
  return running === 0 ? null : `${running} of its trials are still being stopped, expected none`;
}

function byTask(
  queued: Awaited<ReturnType<typeof queueAgain>>,
  opened: Awaited<ReturnType<typeof openSearches>>,
): readonly RerunTask[] {
  const tasks = new Set([...queued, ...opened].map(({ taskId }) => taskId));
  return [...tasks].map((taskId) => ({
    taskId,
    trials: queued.find((row) => row.taskId === taskId)?.trials ?? 0,
    points: opened.find((row) => row.taskId === taskId)?.points ?? 0,
  }));
}
