import { expect, test } from 'vitest';
import type { NewPoints } from '../../coordinator/store/store.ts';
import { expandSpec } from '../../core/spec/expand.ts';
import { checkSpec } from '../../core/spec/parse.ts';
import { noopSpec } from '../support/rest.ts';
import { makeSuccess, openTestStore, type TestStore } from '../support/store.ts';

/** A sweep with one adaptive task: a landmark, and three points to come, two trials each. */
async function createSearch({ store }: TestStore) {
  const search = { ...noopSpec().search, method: 'gp', points: 3, include: ['fkl'] };
  const sweep = await store.createSweep(expandSpec(checkSpec({ ...noopSpec({ search }), replicates: 2 })));
  const [task] = await store.listTasks(sweep.id);
  return { sweepId: sweep.id, taskId: task!.id };
}

type Ids = Pick<NewPoints, 'sweepId' | 'taskId'>;

const pointsAt = (ids: Ids, ordinals: readonly number[], isFinished = false): NewPoints => ({
  ...ids,
  isFinished,
  points: ordinals.map((ordinal) => ({
    ...{ ordinal, cell: `alpha=0.${ordinal},beta=0`, params: { alpha: ordinal / 10, beta: 0 }, sources: ['gp'] },
    suggestion: {
      ...{ version: 1, seed: 0, batch: { place: 0, wanted: 1 }, trace: null },
      seen: { observed: [{ ordinal: 0, value: 0.1 + 0.2, count: 1 }], pending: [] },
    },
    trials: [0, 1].map((replicate) => ({ replicate, seed: 7 + replicate })),
  })),
});

test('appendPoints() adds a batch under the next ordinals and positions, once, whoever comes first', async () => {
  const opened = await openTestStore();
  const { store, sql } = opened;
  const ids = await createSearch(opened);
  const batch = pointsAt(ids, [1, 2]);
  const raced = await Promise.all([1, 2, 3].map(() => store.appendPoints(batch)));
  expect(raced.filter((stored) => stored)).toHaveLength(1);
  expect(await store.appendPoints(pointsAt(ids, [2, 3]))).toBe(false);
  const { ordinal, points } = await store.readSearch(ids.taskId);
  expect(ordinal).toBe(0);
  expect(points.map((point) => point.ordinal)).toEqual([0, 1, 2]);
  expect(points[1]).toEqual({
    ...{ ordinal: 1, cell: 'alpha=0.1,beta=0', params: { alpha: 0.1, beta: 0 }, sources: ['gp'] },
    suggestion: batch.points[0]!.suggestion,
    trials: [0, 1].map(() => ({ state: 'open', value: null })),
  });
  const trials = await sql(
    `SELECT t.position, p.ordinal, t.replicate, t.seed::int FROM trials t JOIN points p ON p.id = t.point_id ORDER BY 1`,
  );
  expect(trials.slice(2)).toEqual([
    { position: 2, ordinal: 1, replicate: 0, seed: 7 },
    { position: 3, ordinal: 2, replicate: 0, seed: 7 },
    { position: 4, ordinal: 1, replicate: 1, seed: 8 },
    { position: 5, ordinal: 2, replicate: 1, seed: 8 },
  ]);
});

test('readSearch() gives values to the last bit, and failed and cancelled trials as failed', async () => {
  const opened = await openTestStore();
  const { store } = opened;
  const { taskId } = await createSearch(opened);
  const worker = await opened.attach();
  const [first, second] = await opened.claim(worker, 2);
  await store.finishAttempt(first!, makeSuccess({ selectionValue: 0.1 + 0.2 }));
  await store.finishAttempt(second!, { kind: 'failure', failure: { kind: 'MISSING_DATA', message: 'no data' } });
  const [point] = (await store.readSearch(taskId)).points;
  expect(point!.trials).toEqual([
    { state: 'succeeded', value: 0.1 + 0.2 },
    { state: 'failed', value: null },
  ]);
});

test('a sweep is over once its search and its trials are', async () => {
  const opened = await openTestStore();
  const { store } = opened;
  const ids = await createSearch(opened);
  const worker = await opened.attach();
  const finishAll = async () => {
    for (const trial of await opened.claim(worker, 9)) await store.finishAttempt(trial, makeSuccess());
  };
  await finishAll();
  expect(await store.settleSweeps()).toEqual([]);
  const [load] = await store.findSearches();
  expect(load).toMatchObject({ ...ids, points: 1, openTrials: 0, slots: 2, sweepSlots: 2, replicates: 2 });
  expect(await store.appendPoints(pointsAt(ids, [1], true))).toBe(true);
  expect(await store.findSearches()).toEqual([]);
  expect(await store.settleSweeps()).toEqual([]);
  await finishAll();
  expect(await store.settleSweeps()).toEqual([ids.sweepId]);
  // Of four planned points two came.
  expect((await store.listTasks(ids.sweepId))[0]).toMatchObject({ searchState: 'FINISHED', plannedPoints: 2 });
  expect(await store.appendPoints(pointsAt(ids, [2]))).toBe(false);
});

test('a cancelled sweep gets no more points', async () => {
  const opened = await openTestStore();
  const { store } = opened;
  const ids = await createSearch(opened);
  await store.noteSearchFailure(ids.taskId, 'no positive definite matrix');
  expect((await store.listTasks(ids.sweepId))[0]).toMatchObject({
    ...{ searchState: 'OPEN', plannedPoints: 4, suggested: 0, searchFailure: 'no positive definite matrix' },
  });
  await store.cancelSweep(ids.sweepId);
  expect(await store.findSearches()).toEqual([]);
  expect(await store.appendPoints(pointsAt(ids, [1]))).toBe(false);
  expect((await store.listTasks(ids.sweepId))[0]).toMatchObject({ searchState: 'STOPPED', plannedPoints: 4 });
});
