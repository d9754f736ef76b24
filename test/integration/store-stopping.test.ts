import { expect, test } from 'vitest';
import type { PointMove } from '../../core/earlystop/moves.ts';
import type { TaskId } from '../../core/ids.ts';
import { makePlan, type PlanShape } from '../support/plans.ts';
import { makeSuccess, openTestStore, type TestStore } from '../support/store.ts';

const paused = { kind: 'paused' } as const;
const move = (ordinal: number, rung: number, next: number | null, stops = false): PointMove => {
  return { ordinal, rung, next, stops };
};

/** A sweep whose points first pause after two epochs, and a worker. */
async function openWithSweep(shape: PlanShape) {
  const opened = await openTestStore();
  const { store, sql } = opened;
  const sweep = await store.createSweep(makePlan({ retries: 5, firstRung: 2, ...shape }));
  const [task] = await store.listTasks(sweep.id);
  const worker = await opened.attach();
  const claim = async (limit = 1) => await opened.claim(worker, limit);
  /** All trials that can be claimed run up to their rung. */
  const pauseAll = async () => {
    for (const trial of await claim(99)) {
      await store.recordMeasurements(trial, [{ step: trial.untilStep!, values: { selection: trial.seed } }]);
      await store.finishAttempt(trial, paused);
    }
  };
  const rungs = () => sql<{ state: string; rung: number }>('SELECT state, rung FROM trials ORDER BY position');
  const ids = { sweepId: sweep.id, taskId: task!.id };
  return { ...opened, ids, claim, pauseAll, rungs };
}

const pausesOf = async ({ store }: Pick<TestStore, 'store'>, taskId: TaskId) =>
  (await store.readSearch(taskId)).points.map(({ trials }) => trials.map(({ pauses }) => pauses));

test.each([
  ['last', 0.1 + 0.2],
  ['best', 5],
] as const)(
  'a trial that pauses waits, without a lease, with what it gave at the rung (checkpoint: %s)',
  async (checkpoint, value) => {
    const opened = await openWithSweep({ points: 1, checkpoint });
    const { store, ids, claim } = opened;
    const [first] = await claim();
    expect(first).toMatchObject({ attempt: 1, untilStep: 2 });
    // The first epoch is that of an attempt that was lost.
    await store.recordMeasurements(first!, [{ step: 1, values: { selection: 5 } }]);
    await opened.passLeases();
    await store.expireLeases();
    const [second] = await claim();
    expect(second).toMatchObject({ attempt: 2, untilStep: 2 });
    await store.recordMeasurements(second!, [{ step: 2, values: { selection: 0.1 + 0.2, loss: null } }]);
    const accepted = { accepted: true, trialState: 'WAITING' };
    expect(await store.finishAttempt(second!, paused)).toEqual(accepted);
    expect(await store.finishAttempt(second!, paused)).toEqual(accepted);
    expect(await store.finishAttempt(first!, paused)).toMatchObject({ accepted: false });
    const read = await pausesOf(opened, ids.taskId);
    expect(read).toMatchObject([[{ rung: 2, values: [{ epoch: 2, value }] }]]);
    expect(read[0]![0]!.values[0]!.mean).toBeCloseTo((5 + 0.1 + 0.2) / 2);
    expect(await opened.trial(first!.trialId)).toMatchObject({ state: 'WAITING', finished_at: null, losses: 1 });
    expect(await opened.attemptStates(first!.trialId)).toEqual(['REFUSED', 'CANCELLED']);
    expect(await claim()).toEqual([]);
    expect(await store.settleSweeps()).toEqual([]);
    expect(await store.findWaiting()).toEqual([{ ...ids, isSearching: false, plannedPoints: 1 }]);
  },
);

test('a point goes on with all its trials, from their checkpoints, or stops with all of them', async () => {
  const { store, ids, claim, pauseAll, rungs } = await openWithSweep({ points: 2, replicates: 2 });
  const [first] = await claim();
  await store.saveCheckpoint(first!, { step: 2, sha256: 'a'.repeat(64), sizeBytes: 3 });
  await store.finishAttempt(first!, paused);
  await pauseAll();
  expect(await store.movePoints(ids, [move(0, 1, 6), move(0, 2, 6), move(1, 2, null, true)])).toEqual([0, 1]);
  expect(await rungs()).toEqual([
    { state: 'QUEUED', rung: 6 },
    { state: 'PRUNED', rung: 2 },
    { state: 'QUEUED', rung: 6 },
    { state: 'PRUNED', rung: 2 },
  ]);
  const again = await claim(99);
  expect(again.map(({ untilStep, attempt, checkpoint }) => [untilStep, attempt, checkpoint?.step])).toEqual([
    [6, 2, 2],
    [6, 2, undefined],
  ]);
  for (const trial of again) await store.finishAttempt(trial, paused);
  expect(await store.movePoints(ids, [move(0, 6, null)])).toEqual([0]);
  for (const trial of await claim(99)) {
    expect(trial.untilStep).toBeNull();
    await store.finishAttempt(trial, makeSuccess());
  }
  expect(await store.findWaiting()).toEqual([]);
  expect(await store.settleSweeps()).toEqual([ids.sweepId]);
});

test('of several that decide about a point the first one does, for all its trials', async () => {
  const { store, ids, pauseAll, rungs } = await openWithSweep({ points: 4, replicates: 3 });
  await pauseAll();
  const ordinals = [0, 1, 2, 3];
  const decided = await Promise.all([
    store.movePoints(
      ids,
      ordinals.map((ordinal) => move(ordinal, 2, 6)),
    ),
    store.movePoints(
      ids,
      ordinals.map((ordinal) => move(ordinal, 2, null, true)),
    ),
    store.movePoints(
      ids,
      ordinals.toReversed().map((ordinal) => move(ordinal, 2, 18)),
    ),
  ]);
  expect(decided.flat().toSorted()).toEqual(ordinals);
  const trials = await rungs();
  for (const ordinal of ordinals) {
    const ofPoint = trials.filter((_, position) => position % 4 === ordinal);
    expect(new Set(ofPoint.map((trial) => JSON.stringify(trial))).size).toBe(1);
  }
});

test('a trial that fails or is lost on its way to a rung keeps it', async () => {
  const { store, claim, passBackoff, passLeases } = await openWithSweep({ points: 1 });
  const [first] = await claim();
  await store.finishAttempt(first!, { kind: 'failure', failure: { kind: 'CRASH', message: 'crashed' } });
  await passBackoff();
  expect(await claim()).toMatchObject([{ attempt: 2, untilStep: 2 }]);
  await passLeases();
  await store.expireLeases();
  const [third] = await claim();
  expect(third).toMatchObject({ attempt: 3, untilStep: 2 });
  expect(await store.finishAttempt(third!, { kind: 'stopped', requeue: true })).toMatchObject({ trialState: 'QUEUED' });
  expect(await claim()).toMatchObject([{ attempt: 4, untilStep: 2 }]);
});

test('a cancelled sweep has no trial that waits, and nothing is decided about it any more', async () => {
  const { store, ids, claim, rungs } = await openWithSweep({ points: 2 });
  const [waiting, running] = await claim(2);
  await store.finishAttempt(waiting!, paused);
  await store.cancelSweep(ids.sweepId);
  expect(await store.findWaiting()).toEqual([]);
  expect(await store.movePoints(ids, [move(0, 2, 6)])).toEqual([]);
  expect(await store.finishAttempt(running!, paused)).toEqual({ accepted: true, trialState: 'CANCELLED' });
  expect(await rungs()).toEqual([
    { state: 'CANCELLED', rung: 2 },
    { state: 'CANCELLED', rung: 2 },
  ]);
});

test('a trial that says it paused although it has no rung is queued again', async () => {
  const opened = await openTestStore();
  await opened.store.createSweep(makePlan({ points: 1 }));
  const [trial] = await opened.claim(await opened.attach());
  expect(trial).toMatchObject({ untilStep: null });
  expect(await opened.store.finishAttempt(trial!, paused)).toEqual({ accepted: true, trialState: 'QUEUED' });
});

test('a trial that waited when its sweep was cancelled comes to its rung again after a rerun, and counts there once', async () => {
  const opened = await openWithSweep({ points: 1, replicates: 2 });
  const { store, ids, claim, pauseAll, rungs } = opened;
  const [first] = await claim();
  await store.recordMeasurements(first!, [{ step: 2, values: { selection: 70 } }]);
  await store.finishAttempt(first!, paused);
  await store.cancelSweep(ids.sweepId);
  await store.rerunSweep(ids.sweepId, 'missing');
  await pauseAll();
  expect(await rungs()).toEqual([
    { state: 'WAITING', rung: 2 },
    { state: 'WAITING', rung: 2 },
  ]);
  const [ofPoint] = await pausesOf(opened, ids.taskId);
  const { seed } = first!;
  expect(ofPoint![0]!.values).toEqual([{ epoch: 2, value: seed, mean: seed }]);
  expect(ofPoint![1]!.values).toHaveLength(1);
  expect(await store.movePoints(ids, [move(0, 2, 6)])).toEqual([0]);
  await pauseAll();
  const epochs = (await pausesOf(opened, ids.taskId))[0]!.map((pauses) => pauses!.values.map(({ epoch }) => epoch));
  expect(epochs).toEqual([
    [2, 6],
    [2, 6],
  ]);
});
