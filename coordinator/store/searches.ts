import { randomUUID } from 'node:crypto';
import type { SweepSpec } from '../../core/spec/schema.ts';
import type { Database, Query } from './database.ts';
import { isUniqueViolation } from './errors.ts';
import { orderTrials } from './plan-rows.ts';
import { toPointAnswer } from './rows.ts';
import { lockSearch, noteSearchFailure, noteSearchStep } from './sql/append-points.ts';
import { findSearches } from './sql/find-searches.ts';
import { insertPoints, insertTrials } from './sql/insert-plan.ts';
import { notifyWork } from './sql/notify-work.ts';
import { readSearchPoints } from './sql/read-search-points.ts';
import { listSources, readSources } from './sql/read-sources.ts';
import { readTransfers } from './sql/read-transfers.ts';
import type { NewPoints, PointPlace, Store } from './store.ts';

type SearchVerbs = Pick<
  Store,
  'readTransfers' | 'listSources' | 'findSearches' | 'readSearch' | 'appendPoints' | 'noteSearchFailure' | 'listPoints'
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
        const points = await readSearchPoints(query, taskId);
        const sources = await readSources(query, taskId);
        return { spec: task.sweep.spec as unknown as SweepSpec, ordinal: task.ordinal, points, sources };
      }),
    readTransfers: (sweep) => during('read the transfers of the sweep', () => readTransfers(query, sweep)),
    listSources: (options) => during('list the sources of searches', () => listSources(query, options)),
    appendPoints: (points) =>
      during('store suggested points', async () => {
        try {
          return await transaction((run) => appendPoints(run, points));
        } catch (error) {
          // Another coordinator has suggested first.
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
  };
}

function behind({ task, point }: PointPlace) {
  return [{ task: { ordinal: { gt: task } } }, { task: { ordinal: task }, ordinal: { gt: point } }];
}

async function appendPoints(query: Query, { sweepId, taskId, points, isFinished }: NewPoints): Promise<boolean> {
  const position = await lockSearch(query, sweepId, taskId);
  if (position === null) return false;
  const rows = points.map((point, turn) => ({ ...point, id: randomUUID(), taskId, inSpace: true, turn, task: 0 }));
  await insertPoints(query, rows);
  await insertTrials(query, sweepId, orderTrials(rows, position));
  await noteSearchStep(query, taskId, isFinished);
  if (points.length > 0) await notifyWork(query, 'queued');
  return true;
}
