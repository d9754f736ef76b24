import { randomUUID } from 'node:crypto';
import type { SweepSpec } from '../../core/spec/schema.ts';
import type { Database, Query } from './database.ts';
import { isUniqueViolation } from './errors.ts';
import { orderTrials } from './plan-rows.ts';
import { toPointAnswer, toStepAnswer } from './rows.ts';
import { findPointIds, insertStep, lockSearch, noteSearchFailure, noteSearchStep } from './sql/append-step.ts';
import { findSearches } from './sql/find-searches.ts';
import { insertPoints, insertTrials } from './sql/insert-plan.ts';
import { notifyWork } from './sql/notify-work.ts';
import { readSearchPoints, readSearchSteps } from './sql/read-search.ts';
import { listSources, readSources } from './sql/read-sources.ts';
import { readTransfers } from './sql/read-transfers.ts';
import type { NewStep, Store, TaskPlace } from './store.ts';

type SearchVerbs = Pick<
  Store,
  | 'readTransfers'
  | 'listSources'
  | 'findSearches'
  | 'readSearch'
  | 'appendStep'
  | 'noteSearchFailure'
  | 'listPoints'
  | 'listSteps'
>;

/** The part of the store through which searches go on. */
export function createSearchVerbs({ prisma, query, transaction, during }: Database): SearchVerbs {
  return {
    findSearches: () => during('find open searches', () => findSearches(query)),
    readSearch: (taskId) =>
      during('read the search of the task', async () => {
        const task = await prisma.task.findUniqueOrThrow({
          where: { id: taskId },
          select: { ordinal: true, sweep: { select: { spec: true } } },
        });
        const steps = await readSearchSteps(query, taskId);
        const points = await readSearchPoints(query, taskId);
        const sources = await readSources(query, taskId);
        return { spec: task.sweep.spec as unknown as SweepSpec, ordinal: task.ordinal, points, steps, sources };
      }),
    readTransfers: (sweep) => during('read the transfers of the sweep', () => readTransfers(query, sweep)),
    listSources: (options) => during('list the sources of searches', () => listSources(query, options)),
    appendStep: (step) =>
      during('store a step of a search', async () => {
        try {
          return await transaction((run) => appendStep(run, step));
        } catch (error) {
          // Another coordinator has decided first.
          if (isUniqueViolation(error)) return false;
          throw error;
        }
      }),
    noteSearchFailure: (taskId, message) =>
      during('note the failure of a search', () => noteSearchFailure(query, taskId, message)),
    listPoints: ({ sweep, after, limit }) =>
      during('list points', async () => {
        const rows = await prisma.point.findMany({
          where: { task: { sweepId: sweep }, ...(after === null ? {} : { OR: behind(after) }) },
          orderBy: [{ task: { ordinal: 'asc' } }, { ordinal: 'asc' }],
          take: limit,
          include: { task: { select: { ordinal: true } } },
        });
        return rows.map(toPointAnswer);
      }),
    listSteps: ({ sweep, after, limit }) =>
      during('list search steps', async () => {
        const rows = await prisma.searchStep.findMany({
          where: { task: { sweepId: sweep }, ...(after === null ? {} : { OR: behind(after) }) },
          orderBy: [{ task: { ordinal: 'asc' } }, { ordinal: 'asc' }],
          take: limit,
          include: { task: { select: { ordinal: true } } },
        });
        return rows.map(toStepAnswer);
      }),
  };
}

function behind({ task, ordinal }: TaskPlace) {
  return [{ task: { ordinal: { gt: task } } }, { task: { ordinal: task }, ordinal: { gt: ordinal } }];
}

async function appendStep(query: Query, step: NewStep): Promise<boolean> {
  const { sweepId, taskId, ordinal, record, points, trials } = step;
  const position = await lockSearch(query, sweepId, taskId);
  if (position === null) return false;
  await insertStep(query, taskId, ordinal, record);
  const rows = points.map((point, turn) => {
    return { ...point, id: randomUUID(), taskId, step: ordinal, inSpace: true, turn, task: 0 };
  });
  await insertPoints(query, rows);
  const known = await findPointIds(
    query,
    taskId,
    trials.map(({ point }) => point),
  );
  const further = trials.map(({ point, ...trial }, turn) => {
    // They run straight to their end, which their points have come to.
    return { id: known.get(point)!, taskId, firstRung: null, turn: rows.length + turn, task: 0, trials: [trial] };
  });
  await insertTrials(query, sweepId, orderTrials([...rows, ...further], position));
  const { isFinished, stop } = record;
  await noteSearchStep(query, taskId, { isFinished, stop, trialsToCome: step.trialsToCome });
  if (points.length + trials.length > 0) await notifyWork(query, 'queued');
  return true;
}
