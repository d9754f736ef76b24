import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { TrialAssignment } from '../../core/assignment.ts';
import { type AttemptOutcome, maxLostAttempts } from '../../core/attempt.ts';
import type { TrialId } from '../../core/ids.ts';
import { makePlan, type PlanShape } from '../support/plans.ts';
import { makeSuccess, openTestStore } from '../support/store.ts';

const failed = (kind: 'EXCEPTION' | 'MISSING_DATA' = 'EXCEPTION'): AttemptOutcome => ({
  kind: 'failure',
  failure: { kind, message: 'it broke' },
});
const stopped = (requeue: boolean): AttemptOutcome => ({ kind: 'stopped', requeue });

/** A store with one sweep whose first trial is claimed by a worker. */
async function openWithClaim(shape: PlanShape = {}) {
  const opened = await openTestStore();
  const sweep = await opened.store.createSweep(makePlan({ points: 1, ...shape }));
  const worker = await opened.attach();
  const [first] = await opened.claim(worker);
  return { ...opened, sweep, worker, first: first as TrialAssignment };
}

test('a success becomes the result of the trial, and its factor that of the point', async () => {
  const { store, first, trial, attemptStates, sql } = await openWithClaim();
  const success = makeSuccess({ scaleFactor: 1.75, teacherSha256: 'abc' });
  expect(await store.finishAttempt(first, success)).toEqual({ accepted: true, trialState: 'SUCCEEDED' });
  expect(await trial(first.trialId)).toMatchObject({
    ...{ state: 'SUCCEEDED', selection_value: 91.5, test_value: 90.25, teacher_sha256: 'abc' },
    ...{ extras: { teacherTest: 95 }, finished_at: expect.any(Date), failure_kind: null },
  });
  expect(await attemptStates(first.trialId)).toEqual(['SUCCEEDED']);
  expect(await sql('SELECT scale_factor FROM points')).toEqual([{ scale_factor: 1.75 }]);
});

test('finishAttempt() accepts the same outcome twice and counts it once', async () => {
  const { store, first, trial, passBackoff, claim, worker } = await openWithClaim({ retries: 3 });
  for (let sent = 0; sent < 3; sent += 1) {
    expect(await store.finishAttempt(first, failed())).toEqual({ accepted: true, trialState: 'QUEUED' });
  }
  expect(await trial(first.trialId)).toMatchObject({ state: 'QUEUED', failures: 1 });
  await passBackoff();
  const [second] = await claim(worker);
  expect(await store.finishAttempt(second!, makeSuccess())).toMatchObject({ accepted: true });
  expect(await store.finishAttempt(second!, makeSuccess())).toEqual({ accepted: true, trialState: 'SUCCEEDED' });
  // The first attempt's failure is still what it was, although the trial has moved on.
  expect(await store.finishAttempt(first, failed())).toEqual({ accepted: true, trialState: 'SUCCEEDED' });
  expect(await trial(first.trialId)).toMatchObject({ state: 'SUCCEEDED', failures: 1, failure_kind: null });
});

test('finishAttempt() refuses another outcome than the one it accepted', async () => {
  const { store, first, trial, attemptStates } = await openWithClaim();
  await store.finishAttempt(first, makeSuccess());
  const other = makeSuccess({ selectionValue: 99 });
  expect(await store.finishAttempt(first, other)).toEqual({ accepted: false, trialState: 'SUCCEEDED' });
  expect(await store.finishAttempt(first, failed())).toEqual({ accepted: false, trialState: 'SUCCEEDED' });
  expect(await trial(first.trialId)).toMatchObject({ state: 'SUCCEEDED', selection_value: 91.5 });
  expect(await attemptStates(first.trialId)).toEqual(['SUCCEEDED']);
});

test('two outcomes of one attempt at the same moment: one is accepted', async () => {
  const { store, first, trial } = await openWithClaim();
  const outcomes = Array.from({ length: 8 }, (_, index) => makeSuccess({ selectionValue: index }));
  const answers = await Promise.all(outcomes.map((outcome) => store.finishAttempt(first, outcome)));
  const accepted = answers.flatMap((answer, index) => (answer.accepted ? [index] : []));
  expect(accepted).toHaveLength(1);
  expect(await trial(first.trialId)).toMatchObject({ selection_value: accepted[0] });
});

test('after a lost lease the old attempt writes nothing: its result is kept as REFUSED, the new one counts', async () => {
  const { store, first, claim, attach, passLeases, trial, attemptStates, sql } = await openWithClaim();
  expect(await store.recordMeasurements(first, [{ step: 1, values: { loss: 1 } }])).toBe(true);
  expect(await store.expireLeases()).toEqual([]);
  await passLeases();
  expect(await store.expireLeases()).toEqual([{ trialId: first.trialId, attempt: 1 }]);
  expect(await trial(first.trialId)).toMatchObject({ state: 'QUEUED', losses: 1, failures: 0 });
  expect(await store.recordMeasurements(first, [{ step: 2, values: { loss: 0.5 } }])).toBe(false);

  const [second] = await claim(await attach());
  expect(second).toMatchObject({ trialId: first.trialId, attempt: 2, seed: first.seed });
  expect(await store.recordMeasurements(second!, [{ step: 1, values: { loss: 2 } }])).toBe(true);
  expect(await store.recordMeasurements(first, [{ step: 3, values: { loss: 0.1 } }])).toBe(false);
  const late = makeSuccess({ selectionValue: 12, scaleFactor: 3 });
  expect(await store.finishAttempt(first, late)).toEqual({ accepted: false, trialState: 'RUNNING' });
  expect(await store.finishAttempt(first, late)).toEqual({ accepted: false, trialState: 'RUNNING' });
  expect(await store.finishAttempt(second!, makeSuccess())).toEqual({ accepted: true, trialState: 'SUCCEEDED' });

  expect(await attemptStates(first.trialId)).toEqual(['REFUSED', 'SUCCEEDED']);
  expect(await trial(first.trialId)).toMatchObject({ selection_value: 91.5, attempt: 2 });
  const [kept] = await sql('SELECT outcome FROM attempts WHERE number = 1');
  expect(kept!.outcome).toMatchObject({ kind: 'success', selectionValue: 12 });
  expect(await sql('SELECT scale_factor FROM points')).toEqual([{ scale_factor: null }]);
  expect(await store.listMeasurements(first.trialId)).toEqual({
    attempt: 2,
    measurements: [{ step: 1, values: { loss: 2 } }],
  });
});

test('a result that comes while the lease is over but not taken away still counts', async () => {
  const { store, first, passLeases } = await openWithClaim();
  await passLeases();
  expect(await store.finishAttempt(first, makeSuccess())).toEqual({ accepted: true, trialState: 'SUCCEEDED' });
  expect(await store.expireLeases()).toEqual([]);
});

test('a lease is taken away by one of many racing reapers', async () => {
  const { store, claim, worker, passLeases, sql } = await openWithClaim({ points: 30 });
  await claim(worker, 29);
  await passLeases();
  const taken = (await Promise.all(Array.from({ length: 8 }, () => store.expireLeases()))).flat();
  taken.push(...(await store.expireLeases()));
  expect(new Set(taken.map((key) => key.trialId)).size).toBe(30);
  expect(taken).toHaveLength(30);
  expect(await sql('SELECT DISTINCT losses, state FROM trials')).toEqual([{ losses: 1, state: 'QUEUED' }]);
});

test('a result and a reaper that race end in one story: counted, or refused and queued again', async () => {
  const { store, claim, worker, passLeases, trial, attemptStates, first } = await openWithClaim({ points: 20 });
  const assignments = [first, ...(await claim(worker, 19))];
  await passLeases();
  const [answers] = await Promise.all([
    Promise.all(assignments.map((assignment) => store.finishAttempt(assignment, makeSuccess()))),
    store.expireLeases(),
    store.expireLeases(),
  ]);
  for (const [index, { trialId }] of assignments.entries()) {
    const story = [answers[index]!.accepted, (await trial(trialId)).state, ...(await attemptStates(trialId))];
    expect([
      [true, 'SUCCEEDED', 'SUCCEEDED'],
      [false, 'QUEUED', 'REFUSED'],
    ]).toContainEqual(story);
  }
});

test('a failed trial waits longer after each failure, and is FAILED with its reason after the last retry', async () => {
  const { store, first, claim, worker, trial, passBackoff } = await openWithClaim({ retries: 2 });
  let assignment = first;
  for (const expectedDelay of [1, 2]) {
    expect(await store.finishAttempt(assignment, failed())).toEqual({ accepted: true, trialState: 'QUEUED' });
    const { delay, failure_kind } = await trial(first.trialId);
    expect(failure_kind).toBe('EXCEPTION');
    expect(delay).toBeGreaterThan(expectedDelay - 1);
    expect(delay).toBeLessThanOrEqual(expectedDelay);
    expect(await claim(worker)).toEqual([]);
    await passBackoff();
    assignment = (await claim(worker))[0]!;
  }
  expect(await store.finishAttempt(assignment, failed())).toEqual({ accepted: true, trialState: 'FAILED' });
  expect(await trial(first.trialId)).toMatchObject({
    ...{ state: 'FAILED', failures: 3, failure_kind: 'EXCEPTION', failure_message: 'it broke' },
    finished_at: expect.any(Date),
  });
  const found = await store.findTrial(first.trialId);
  expect(found!.history.map(({ number, state, failure }) => [number, state, failure?.message])).toEqual(
    [1, 2, 3].map((number) => [number, 'FAILED', 'it broke']),
  );
});

test('a trial whose data is missing is not tried again', async () => {
  const { store, first } = await openWithClaim({ retries: 5 });
  const answer = await store.finishAttempt(first, failed('MISSING_DATA'));
  expect(answer).toEqual({ accepted: true, trialState: 'FAILED' });
});

test('a success whose value is no number is a failure', async () => {
  const { store, first, trial } = await openWithClaim();
  const answer = await store.finishAttempt(first, makeSuccess({ selectionValue: Number.NaN }));
  expect(answer).toEqual({ accepted: true, trialState: 'FAILED' });
  expect(await trial(first.trialId)).toMatchObject({ failure_kind: 'NAN_LOSS', selection_value: null });
});

test('a stopped trial is queued again at once, without counting as a failure', async () => {
  const { store, first, claim, worker, trial, attemptStates } = await openWithClaim();
  expect(await store.finishAttempt(first, stopped(true))).toEqual({ accepted: true, trialState: 'QUEUED' });
  expect(await trial(first.trialId)).toMatchObject({ failures: 0, losses: 0, finished_at: null });
  expect(await claim(worker)).toMatchObject([{ trialId: first.trialId, attempt: 2 }]);
  expect(await attemptStates(first.trialId)).toEqual(['CANCELLED', 'ACTIVE']);
});

test('a trial fails with kind LOST once its worker was lost ten times', async () => {
  const { store, first, claim, attach, passLeases, trial } = await openWithClaim({ retries: 0 });
  for (let lost = 1; lost <= maxLostAttempts; lost += 1) {
    await passLeases();
    expect(await store.expireLeases()).toEqual([{ trialId: first.trialId, attempt: lost }]);
    if (lost < maxLostAttempts) expect(await claim(await attach())).toHaveLength(1);
  }
  expect(await trial(first.trialId)).toMatchObject({
    ...{ state: 'FAILED', losses: 10, failures: 0, failure_kind: 'LOST' },
    failure_message: 'Its worker was lost 10 times',
  });
});

test('expireWorkers() takes everything of the given workers away, whatever their leases say, and of no others', async () => {
  const { store, first, claim, worker, attach, attemptStates } = await openWithClaim({ points: 2 });
  const other = await attach();
  const [kept] = await claim(other);
  expect(await store.expireWorkers([worker, randomUUID() as typeof worker])).toEqual([
    { trialId: first.trialId, attempt: 1 },
  ]);
  expect(await attemptStates(kept!.trialId)).toEqual(['ACTIVE']);
  const workers = await store.listWorkers({ seenWithinMs: 60_000 });
  expect(workers.map(({ id, state }) => [id, state])).toEqual([
    [worker, 'DETACHED'],
    [other, 'ATTACHED'],
  ]);
  expect(await claim(other)).toMatchObject([{ trialId: first.trialId, attempt: 2 }]);
});

test('recordMeasurements() is idempotent by step and keeps what is no number as null', async () => {
  const { store, first } = await openWithClaim();
  const values = { loss: Number.NaN, selection: 50, test: Number.POSITIVE_INFINITY };
  expect(await store.recordMeasurements(first, [{ step: 2, values }])).toBe(true);
  const again = [1, 2, 2].map((step) => ({ step, values: { loss: step } }));
  expect(await store.recordMeasurements(first, again)).toBe(true);
  expect(await store.recordMeasurements(first, [])).toBe(true);
  expect(await store.listMeasurements(first.trialId)).toEqual({
    attempt: 1,
    measurements: [
      { step: 1, values: { loss: 1 } },
      { step: 2, values: { loss: null, selection: 50, test: null } },
    ],
  });
});

test('an attempt that never was is NOT_FOUND, and records nothing', async () => {
  const { store, first } = await openWithClaim();
  const never = [
    { trialId: first.trialId, attempt: 2 },
    { trialId: randomUUID() as TrialId, attempt: 1 },
  ];
  for (const key of never) {
    await expect(store.finishAttempt(key, makeSuccess())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await store.recordMeasurements(key, [{ step: 1, values: {} }])).toBe(false);
  }
  expect(await store.findTrial(randomUUID() as TrialId)).toBeNull();
  expect(await store.listMeasurements(randomUUID() as TrialId)).toBeNull();
});
