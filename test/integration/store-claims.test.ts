import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { SweepId, TrialId, WorkerId } from '../../core/ids.ts';
import { makePlan } from '../support/plans.ts';
import { leaseMs, makeSuccess, openTestStore } from '../support/store.ts';

const times = <Value>(count: number, make: (index: number) => Promise<Value>) =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

test('claimTrials() gives each trial to one of 50 racing claimers', async () => {
  const { store, attach, claim, sql } = await openTestStore();
  await store.createSweep(makePlan({ points: 60 }));
  const workers = await times(50, () => attach());
  const first = await Promise.all(workers.map((worker) => claim(worker, 1)));
  expect(first.map((claimed) => claimed.length)).toEqual(Array(50).fill(1));
  const second = await Promise.all(workers.map((worker) => claim(worker, 2)));
  const trials = [...first, ...second].flat().map((assignment) => assignment.trialId);
  expect(new Set(trials).size).toBe(60);
  expect(trials).toHaveLength(60);
  const attempts = await sql<{ worker_id: string; trial_id: string }>('SELECT worker_id, trial_id FROM attempts');
  expect(attempts).toHaveLength(60);
  for (const [index, worker] of workers.entries()) {
    const mine = attempts.filter((attempt) => attempt.worker_id === worker).map((attempt) => attempt.trial_id);
    expect(mine.sort()).toEqual([...first[index]!, ...second[index]!].map((got) => got.trialId as string).sort());
  }
});

test('claimTrials() keeps maxParallel of a sweep under racing claimers, and gives a slot out again when it is free', async () => {
  const { store, attach, claim } = await openTestStore();
  await store.createSweep(makePlan({ points: 40, maxParallel: 7 }));
  const workers = await times(20, () => attach());
  const claimed = (await Promise.all(workers.map((worker) => claim(worker, 3)))).flat();
  expect(claimed).toHaveLength(7);
  expect(await claim(workers[0]!, 5)).toEqual([]);
  await store.finishAttempt(claimed[0]!, makeSuccess());
  expect(await claim(workers[0]!, 5)).toHaveLength(1);
});

test('claimTrials() hands over everything that a trial needs and starts the sweep', async () => {
  const { store, attach, claim, sql } = await openTestStore();
  const plan = makePlan({ points: 1, replicates: 2 });
  const sweep = await store.createSweep(plan);
  expect(sweep.state).toBe('PENDING');
  const worker = await attach();
  const [assignment] = await claim(worker);
  const [task] = await store.listTasks(sweep.id);
  expect(assignment).toEqual({
    trialId: expect.any(String),
    attempt: 1,
    sweepId: sweep.id,
    taskId: task!.id,
    definition: plan.tasks[0]!.definition,
    params: { alpha: 0 },
    seed: 1000,
    replicate: 0,
    timeoutMs: 3_600_000,
    checkpoint: null,
    untilStep: null,
  });
  const started = await store.findSweep(sweep.id);
  expect(started).toMatchObject({ state: 'RUNNING', startedAt: expect.any(Date), finishedAt: null });
  const [attempt] = await sql(
    'SELECT *, extract(epoch FROM lease_expires_at - now())::float8 AS left FROM attempts WHERE trial_id = $1',
    [assignment!.trialId],
  );
  expect(attempt).toMatchObject({
    ...{ number: 1, state: 'ACTIVE', worker_id: worker, backend: 'wasm', backend_version: '4.22.0' },
    ...{ kernel_id: 'kernel-1', device_kind: 'cuda' },
  });
  expect(attempt!.left).toBeGreaterThan(leaseMs / 1000 - 20);
  expect(attempt!.left).toBeLessThanOrEqual(leaseMs / 1000);
});

test('claimTrials() serves priority first, then the older sweep, then position, across sweeps in one call', async () => {
  const { store, attach, claim } = await openTestStore();
  const older = await store.createSweep(makePlan({ points: 2 }));
  const newer = await store.createSweep(makePlan({ points: 2 }));
  const urgent = await store.createSweep(makePlan({ points: 1, priority: 5 }));
  const worker = await attach();
  const order = [...(await claim(worker, 4)), ...(await claim(worker, 4))];
  const sweeps: readonly SweepId[] = [urgent.id, older.id, older.id, newer.id, newer.id];
  expect(order.map((assignment) => assignment.sweepId)).toEqual(sweeps);
  expect(order.map((assignment) => assignment.params.alpha)).toEqual([0, 0, 0.1, 0, 0.1]);
});

test('trials run replicate by replicate, landmarks first, tasks in turn', async () => {
  const { store, attach, claim } = await openTestStore();
  await store.createSweep(makePlan({ points: 3, replicates: 2, datasets: ['mnist', 'cifar10'], landmarks: [2] }));
  const worker = await attach(['mnist', 'cifar10']);
  const order = (await claim(worker, 100)).map(
    ({ definition, params, replicate }) => `${definition.dataset} ${params.alpha} #${replicate}`,
  );
  const round = (replicate: number) =>
    [0.2, 0, 0.1].flatMap((alpha) => [`mnist ${alpha} #${replicate}`, `cifar10 ${alpha} #${replicate}`]);
  expect(order).toEqual([...round(0), ...round(1)]);
});

test('a worker gets only trials whose dataset it has, and the missing one is reported', async () => {
  const { store, attach, claim } = await openTestStore();
  const sweep = await store.createSweep(makePlan({ points: 2, datasets: ['mnist', 'eurosat'] }));
  expect(await store.findUnmetNeeds(sweep.id)).toEqual({ datasets: ['eurosat', 'mnist'], attachedWorkers: 0 });
  const worker = await attach(['mnist', 'dtd']);
  expect(await store.findUnmetNeeds(sweep.id)).toEqual({ datasets: ['eurosat'], attachedWorkers: 1 });
  const claimed = await claim(worker, 10);
  expect(claimed.map((assignment) => assignment.definition.dataset)).toEqual(['mnist', 'mnist']);
  await attach(['eurosat']);
  expect(await store.findUnmetNeeds(sweep.id)).toEqual({ datasets: [], attachedWorkers: 2 });
});

test('a worker without any dataset gets no-op trials', async () => {
  const { store, attach, claim } = await openTestStore();
  const run = { kind: 'noop', durationMs: 0, steps: 1, failure: 'none' } as const;
  const sweep = await store.createSweep(makePlan({ points: 2, run }));
  expect(await store.findUnmetNeeds(sweep.id)).toEqual({ datasets: [], attachedWorkers: 0 });
  expect(await claim(await attach([]), 10)).toHaveLength(2);
});

test('claimTrials() gives nothing to an unknown worker, for a limit of 0, or of sweeps that are over', async () => {
  const { store, attach, claim } = await openTestStore();
  const sweep = await store.createSweep(makePlan());
  const worker = await attach();
  expect(await claim(randomUUID() as WorkerId, 5)).toEqual([]);
  expect(await claim(worker, 0)).toEqual([]);
  await store.cancelSweep(sweep.id);
  expect(await claim(worker, 5)).toEqual([]);
});

test("renewLeases() extends what is held and stops what is cancelled, lost, another worker's or unknown", async () => {
  const { store, attach, claim, passLeases, sql } = await openTestStore();
  await store.createSweep(makePlan({ points: 2 }));
  const doomed = await store.createSweep(makePlan({ points: 1 }));
  const [worker, other] = [await attach(), await attach()];
  const [kept, lost, cancelled] = await claim(worker, 3);
  expect(cancelled!.sweepId).toBe(doomed.id);
  await passLeases([lost!.trialId]);
  await store.expireLeases();
  await store.cancelSweep(doomed.id);
  await passLeases([kept!.trialId]);
  const unknown = { trialId: randomUUID() as TrialId, attempt: 1 };
  const attempts = [kept!, lost!, cancelled!, unknown];
  const wanted = await store.renewLeases({ workerId: worker, attempts, leaseMs });
  const byTrial = new Map(wanted.map((answer) => [answer.trialId, `${answer.wanted} ${answer.reason}`.trim()]));
  expect(byTrial.get(kept!.trialId)).toBe('RUN');
  expect(byTrial.get(lost!.trialId)).toBe('STOP lease lost');
  expect(byTrial.get(cancelled!.trialId)).toBe('STOP cancelled');
  expect(byTrial.get(unknown.trialId)).toBe('STOP lease lost');
  const stolen = await store.renewLeases({ workerId: other, attempts: [kept!], leaseMs });
  expect(stolen[0]).toMatchObject({ wanted: 'STOP', reason: 'lease lost' });
  const rows = await sql('SELECT lease_expires_at > now() AS held FROM attempts WHERE trial_id = $1', [kept!.trialId]);
  expect(rows).toEqual([{ held: true }]);
  expect(await store.expireLeases()).toEqual([]);
});

test('listWorkers() shows attached workers with their busy slots, and detached ones for a while', async () => {
  const { store, attach, claim, sql } = await openTestStore();
  await store.createSweep(makePlan({ points: 3 }));
  const [busy, gone] = [await attach(['mnist', 'dtd']), await attach()];
  // Two workers may attach within one millisecond, and the list is by age.
  await sql(`UPDATE workers SET attached_at = attached_at - interval '1 second' WHERE id = '${busy}'`);
  await claim(busy, 2);
  await store.detachWorker(gone);
  const listed = await store.listWorkers({ seenWithinMs: 60_000 });
  expect(listed.map(({ id, state, busySlots }) => ({ id, state, busySlots }))).toEqual([
    { id: busy, state: 'ATTACHED', busySlots: 2 },
    { id: gone, state: 'DETACHED', busySlots: 0 },
  ]);
  expect(listed[0]).toMatchObject({ datasets: ['mnist', 'dtd'], labels: { gpu: 'h200' }, slots: 2 });
  await sql(`UPDATE workers SET last_seen_at = now() - interval '2 minutes'`);
  const later = await store.listWorkers({ seenWithinMs: 60_000 });
  expect(later.map((worker) => worker.id)).toEqual([busy]);
});

test('a worker that a dead coordinator left attached is marked as gone, and as back by its next renewal', async () => {
  const { store, attach, sql } = await openTestStore();
  const worker = await attach();
  await sql(`UPDATE workers SET last_seen_at = now() - interval '11 minutes'`);
  await store.expireLeases();
  const state = async () => (await store.listWorkers({ seenWithinMs: 3_600_000 }))[0]!.state;
  expect(await state()).toBe('DETACHED');
  await store.renewLeases({ workerId: worker, attempts: [], leaseMs });
  expect(await state()).toBe('ATTACHED');
});
