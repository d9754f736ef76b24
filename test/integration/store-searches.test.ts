import { expect, test } from 'vitest';
import type { NewStep } from '../../coordinator/store/store.ts';
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

type Ids = Pick<NewStep, 'sweepId' | 'taskId'>;

const trialsOf = (purpose: 'SEARCH' | 'CONFIRM', ...replicates: readonly number[]) =>
  replicates.map((replicate) => ({ replicate, seed: 7 + replicate, purpose }));

/** A step that adds points with these ordinals, and further trials. */
const stepAt = (
  ids: Ids,
  ordinal: number,
  ordinals: readonly number[],
  { trials = [], ...record }: Partial<Omit<NewStep['record'], 'trials'>> & { readonly trials?: NewStep['trials'] } = {},
): NewStep => ({
  ...ids,
  ordinal,
  record: {
    ...{ version: 1, seed: 0, wanted: 1, stop: null, isFinished: false, ...record },
    seen: { observed: [{ ordinal: 0, values: { 0: 0.1 + 0.2 } }], pending: [] },
    points: ordinals.map((point) => ({ ordinal: point, trace: null })),
    trials: trials.map(({ point, replicate, purpose }) => ({ ordinal: point, replicate, purpose })),
  },
  points: ordinals.map((point) => ({
    ...{ ordinal: point, cell: `alpha=0.${point},beta=0`, params: { alpha: point / 10, beta: 0 }, sources: ['gp'] },
    firstRung: null,
    trials: trialsOf('SEARCH', 0, 1),
  })),
  trials,
  trialsToCome: record.isFinished ? 0 : record.stop ? 4 : null,
});

const positions = ({ sql }: TestStore) =>
  sql(
    `SELECT t.position, p.ordinal, t.replicate, t.seed::int, t.purpose
       FROM trials t JOIN points p ON p.id = t.point_id WHERE t.position > 1 ORDER BY 1`,
  );

test('appendStep() adds a step with its points and trials under the next positions, once, whoever comes first', async () => {
  const opened = await openTestStore();
  const { store } = opened;
  const ids = await createSearch(opened);
  const first = stepAt(ids, 0, [1, 2], { trials: trialsOf('SEARCH', 2).map((trial) => ({ ...trial, point: 0 })) });
  const raced = await Promise.all([1, 2, 3].map(() => store.appendStep(first)));
  expect(raced.filter((stored) => stored)).toHaveLength(1);
  expect(await store.appendStep(stepAt(ids, 0, [3]))).toBe(false);
  const { ordinal, points, steps } = await store.readSearch(ids.taskId);
  expect(ordinal).toBe(0);
  expect(steps).toEqual([first.record]);
  expect(points.map((point) => point.ordinal)).toEqual([0, 1, 2]);
  expect(points.map(({ trials }) => trials.length)).toEqual([3, 2, 2]);
  expect(points[1]).toEqual({
    ...{ ordinal: 1, cell: 'alpha=0.1,beta=0', params: { alpha: 0.1, beta: 0 }, sources: ['gp'], inSpace: true },
    trials: [0, 1].map(() => ({ state: 'open', value: null, pauses: null })),
  });
  expect(await positions(opened)).toEqual([
    { position: 2, ordinal: 1, replicate: 0, seed: 7, purpose: 'SEARCH' },
    { position: 3, ordinal: 2, replicate: 0, seed: 7, purpose: 'SEARCH' },
    { position: 4, ordinal: 1, replicate: 1, seed: 8, purpose: 'SEARCH' },
    { position: 5, ordinal: 2, replicate: 1, seed: 8, purpose: 'SEARCH' },
    { position: 6, ordinal: 0, replicate: 2, seed: 9, purpose: 'SEARCH' },
  ]);
  expect(await store.listPoints({ sweep: ids.sweepId, after: null, limit: 9 })).toMatchObject([
    { step: null },
    { step: 0 },
    { step: 0 },
  ]);
  expect(await store.listSteps({ sweep: ids.sweepId, after: null, limit: 9 })).toEqual([
    { taskId: ids.taskId, ordinal: 0, record: first.record, place: { task: 0, ordinal: 0 } },
  ]);
});

test('a search that stops keeps the reason and counts what is still to come; confirming trials are not its to see', async () => {
  const opened = await openTestStore();
  const { store } = opened;
  const ids = await createSearch(opened);
  const stop = { within: 0.1, probability: 0.97, points: 1, planned: 3 };
  expect(await store.appendStep(stepAt(ids, 0, [1]))).toBe(true);
  expect(await store.appendStep(stepAt(ids, 1, [], { stop }))).toBe(true);
  const [stopped] = await store.listTasks(ids.sweepId);
  expect(stopped).toMatchObject({ searchState: 'OPEN', searchStop: stop, plannedPoints: 2, plannedTrials: 4 + 4 });
  expect((await store.listSweeps({ before: null, limit: 1 }))[0]).toMatchObject({ plannedTrials: 8 });
  const trials = [0, 1].flatMap((point) => trialsOf('CONFIRM', 2, 3).map((trial) => ({ ...trial, point })));
  expect(await store.appendStep(stepAt(ids, 2, [], { trials, isFinished: true }))).toBe(true);
  const [finished] = await store.listTasks(ids.sweepId);
  expect(finished).toMatchObject({ searchState: 'FINISHED', searchStop: stop, plannedTrials: 8, suggested: 1 });
  expect((await store.readSearch(ids.taskId)).points.map((point) => point.trials.length)).toEqual([2, 2]);
  const rows = await store.readSummaryRows({ sweep: ids.sweepId });
  expect(rows.map(({ ordinal, replicate, purpose }) => [ordinal, replicate, purpose])).toEqual(
    [0, 1].flatMap((point) => [0, 1, 2, 3].map((k) => [point, k, k < 2 ? 'SEARCH' : 'CONFIRM'])),
  );
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
    { state: 'succeeded', value: 0.1 + 0.2, pauses: null },
    { state: 'failed', value: null, pauses: null },
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
  expect(load).toMatchObject({ ...ids, steps: 0, openTrials: 0, slots: 2, sweepSlots: 2, replicates: 2 });
  expect(await store.appendStep(stepAt(ids, 0, [1], { isFinished: true }))).toBe(true);
  expect(await store.findSearches()).toEqual([]);
  expect(await store.settleSweeps()).toEqual([]);
  await finishAll();
  expect(await store.settleSweeps()).toEqual([ids.sweepId]);
  // Of four planned points two came.
  expect((await store.listTasks(ids.sweepId))[0]).toMatchObject({ searchState: 'FINISHED', plannedPoints: 2 });
  expect(await store.appendStep(stepAt(ids, 1, [2]))).toBe(false);
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
  expect(await store.appendStep(stepAt(ids, 0, [1]))).toBe(false);
  expect((await store.listTasks(ids.sweepId))[0]).toMatchObject({ searchState: 'STOPPED', plannedPoints: 4 });
});
