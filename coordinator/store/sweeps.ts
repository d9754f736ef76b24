import { AbkdError } from '../../core/errors.ts';
import type { SweepId, TaskId } from '../../core/ids.ts';
import { isFinalSweepState } from '../../core/sweep.ts';
import type { TrialState } from '../../core/trial.ts';
import type { TrialCounts } from '../../core/trial-counts.ts';
import { sumOf } from '../../core/trial-counts.ts';
import type { Database } from './database.ts';
import { rerunSweep } from './rerun.ts';
import { taskColumns, toCounts, toStoredSweep, toStoredTask } from './rows.ts';
import { cancelSweep, lockSweepAgainstAll } from './sql/cancel-sweep.ts';
import { countCoverage } from './sql/count-coverage.ts';
import { countSuggested, countTrialsToCome } from './sql/count-suggested.ts';
import { findFinishedTasks } from './sql/find-finished-tasks.ts';
import { insertPlan } from './sql/insert-plan.ts';
import { notifyWork } from './sql/notify-work.ts';
import { findSweepsToSettle, lockSweepsToSettle, settleSweeps } from './sql/settle-sweeps.ts';
import type { Store, StoredSweep } from './store.ts';

type SweepVerbs = Pick<
  Store,
  | 'createSweep'
  | 'findFinishedTasks'
  | 'findSweep'
  | 'listSweeps'
  | 'listTasks'
  | 'cancelSweep'
  | 'rerunSweep'
  | 'settleSweeps'
  | 'countCoverage'
  | 'countTrials'
>;

/** The part of the store that knows sweeps and their tasks. */
export function createSweepVerbs({ prisma, query, transaction, during }: Database): SweepVerbs {
  const findSweep = async (id: SweepId) => {
    const row = await prisma.sweep.findUnique({ where: { id } });
    return row === null ? null : toStoredSweep(row);
  };
  const readSweep = async (id: SweepId): Promise<StoredSweep> => {
    const sweep = await findSweep(id);
    if (sweep === null) throw noSweep('read', id);
    return sweep;
  };
  return {
    createSweep: (plan) =>
      during('store the sweep', async () => {
        const id = await transaction(async (run) => {
          const created = await insertPlan(run, plan);
          await notifyWork(run, 'created');
          return created;
        });
        return readSweep(id);
      }),
    findFinishedTasks: (alike) => during('find finished tasks', () => findFinishedTasks(query, alike)),
    findSweep: (id) => during('read the sweep', () => findSweep(id)),
    listSweeps: ({ before, limit }) =>
      during('list sweeps', async () => {
        const where = before === null ? {} : { sequence: { lt: before } };
        const rows = await prisma.sweep.findMany({ where, orderBy: { sequence: 'desc' }, take: limit });
        const groups = await prisma.trial.groupBy({
          by: ['sweepId', 'state'],
          where: { sweepId: { in: rows.map((row) => row.id) } },
          _count: true,
        });
        const toCome = await countTrialsToCome(
          query,
          rows.map((row) => row.id as SweepId),
        );
        return rows.map((row) => ({
          id: row.id,
          sequence: row.sequence,
          name: row.name,
          state: row.state,
          createdAt: row.createdAt.toISOString(),
          startedAt: row.startedAt?.toISOString() ?? null,
          finishedAt: row.finishedAt?.toISOString() ?? null,
          ...trialsOf(
            groups.filter((group) => group.sweepId === row.id),
            toCome.get(row.id as SweepId) ?? 0,
          ),
        }));
      }),
    listTasks: (sweepId) =>
      during('list the tasks of the sweep', async () => {
        const rows = await prisma.task.findMany({
          where: { sweepId },
          orderBy: { ordinal: 'asc' },
          include: taskColumns,
        });
        const suggested = await countSuggested(query, sweepId);
        return rows.map((row) => toStoredTask(row, suggested.get(row.id as TaskId) ?? 0));
      }),
    cancelSweep: (id) =>
      during('cancel the sweep', async () => {
        await transaction(async (run) => {
          const state = await lockSweepAgainstAll(run, id);
          if (state === null) throw noSweep('cancel', id);
          if (isFinalSweepState(state)) {
            throw new AbkdError('CONFLICT', `Cannot cancel sweep ${id}: it is ${state}, expected one that is not over`);
          }
          await cancelSweep(run, id);
          await notifyWork(run, 'cancelled');
        });
        return readSweep(id);
      }),
    rerunSweep: (id, kind) =>
      during('rerun trials of the sweep', async () => {
        const tasks = await transaction((run) => rerunSweep(run, id, kind));
        if (tasks === null) throw noSweep('rerun', id);
        return tasks;
      }),
    settleSweeps: () =>
      during('settle sweeps', async () => {
        const found = await findSweepsToSettle(query);
        if (found.length === 0) return [];
        return transaction(async (run) => settleSweeps(run, await lockSweepsToSettle(run, found)));
      }),
    countCoverage: (sweepId) => during('count what the sweep covers', () => countCoverage(query, sweepId)),
    countTrials: (sweepId) =>
      during('count the trials of the sweep', async () => {
        const tasks = await prisma.task.findMany({
          where: { sweepId },
          orderBy: { ordinal: 'asc' },
          select: { id: true },
        });
        const groups = await prisma.trial.groupBy({ by: ['taskId', 'state'], where: { sweepId }, _count: true });
        return tasks.map(({ id }) => ({
          taskId: id as TaskId,
          counts: countsOf(groups.filter((group) => group.taskId === id)),
        }));
      }),
  };
}

function countsOf(groups: readonly { readonly state: TrialState; readonly _count: number }[]): TrialCounts {
  return toCounts(groups.map(({ state, _count }) => ({ state, count: _count })));
}

function trialsOf(groups: Parameters<typeof countsOf>[0], toCome: number) {
  const trials = countsOf(groups);
  return { trials, plannedTrials: sumOf(trials) + toCome };
}

function noSweep(action: string, id: SweepId): AbkdError {
  return new AbkdError('NOT_FOUND', `Cannot ${action} sweep ${id}: there is none with this id`);
}
