import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect, test } from 'vitest';
import { openStore } from '../../coordinator/store/prisma-store.ts';
import type { SweepId } from '../../core/ids.ts';
import { makePlan } from '../support/plans.ts';
import { makeSuccess, openTestStore } from '../support/store.ts';

const failed = { kind: 'failure', failure: { kind: 'CRASH', message: 'exit code 1' } } as const;
const stopped = { kind: 'stopped', requeue: false } as const;

test('createSweep() stores what was planned, and findSweep(), listTasks() and listTrials() give it back', async () => {
  const { store } = await openTestStore();
  const plan = makePlan({ points: 2, replicates: 2, datasets: ['mnist', 'cifar10'], landmarks: [0] });
  const sweep = await store.createSweep(plan);
  expect(sweep).toMatchObject({ name: plan.name, spec: plan.spec, state: 'PENDING', warnings: plan.warnings });
  expect(await store.findSweep(sweep.id)).toEqual(sweep);
  const tasks = await store.listTasks(sweep.id);
  expect(tasks.map(({ definition }) => definition)).toEqual(plan.tasks.map(({ definition }) => definition));
  expect(tasks[1]).toMatchObject({
    ...{ ordinal: 1, dataset: 'cifar10', teacher: 'cnn-m', student: 'cnn-s', objective: 'abkd', points: 2 },
    ...{ fingerprint: 'fingerprint-cifar10', comparisonKey: 'comparison-cifar10' },
  });
  const trials = await store.listTrials({ sweep: sweep.id, state: null, after: null, limit: 100 });
  expect(trials).toHaveLength(8);
  expect(trials[0]).toEqual({
    ...{ id: expect.any(String), sweepId: sweep.id, taskId: tasks[0]!.id, dataset: 'mnist', objective: 'abkd' },
    ...{
      cell: 'alpha=0',
      params: { alpha: 0 },
      purpose: 'SEARCH',
      rung: null,
      replicate: 0,
      seed: 1000,
      state: 'QUEUED',
      attempts: 0,
      position: 0,
    },
    ...{ selectionValue: null, testValue: null, teacherSha256: null, failure: null, startedAt: null, finishedAt: null },
  });
});

test('createSweep() stores 10 000 points with 3 seeds each', async () => {
  const { store, sql } = await openTestStore();
  const sweep = await store.createSweep(makePlan({ points: 10_000, replicates: 3 }));
  const [counts] = await store.countTrials(sweep.id);
  expect(counts!.counts.QUEUED).toBe(30_000);
  expect(await sql('SELECT count(*)::int, max(position) FROM trials')).toEqual([{ count: 30_000, max: 29_999 }]);
});

test('createSweep() stores all or nothing: a cell, an ordinal or a replicate given twice is refused', async () => {
  const { store, sql } = await openTestStore();
  const plan = makePlan({ points: 2 });
  const [task] = plan.tasks;
  const [first, second] = task!.points;
  const broken = [
    [first!, { ...second!, cell: first!.cell }],
    [first!, { ...second!, ordinal: first!.ordinal }],
    [first!, { ...second!, trials: [...second!.trials, ...second!.trials] }],
    [first!, { ...second!, trials: [{ ...second!.trials[0]!, seed: 2 ** 32 }] }],
  ];
  for (const points of broken) {
    const refused = store.createSweep({ ...plan, tasks: [{ ...task!, points }] });
    await expect(refused).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'Cannot store the sweep: the database refused it',
    });
  }
  expect(await sql('SELECT id FROM sweeps')).toEqual([]);
  await store.createSweep(plan);
});

test('listSweeps() gives pages, newest first, with the trials by state', async () => {
  const { store, attach, claim } = await openTestStore();
  const sweeps = [];
  for (let made = 0; made < 5; made += 1) sweeps.push(await store.createSweep(makePlan({ name: `sweep ${made}` })));
  await claim(await attach());
  const names = (page: readonly { readonly name: string }[]) => page.map((entry) => entry.name);
  const first = await store.listSweeps({ before: null, limit: 2 });
  expect(names(first)).toEqual(['sweep 4', 'sweep 3']);
  const rest = await store.listSweeps({ before: first[1]!.sequence, limit: 10 });
  expect(names(rest)).toEqual(['sweep 2', 'sweep 1', 'sweep 0']);
  expect(rest[2]!.trials).toEqual({
    ...{ QUEUED: 2, RUNNING: 1, WAITING: 0, SUCCEEDED: 0, FAILED: 0, PRUNED: 0, CANCELLED: 0 },
  });
  expect(rest[2]).toMatchObject({ state: 'RUNNING', startedAt: expect.any(String) });
});

test('listTrials() gives pages in the order of claiming, by state where asked', async () => {
  const { store, attach, claim } = await openTestStore();
  const sweep = await store.createSweep(makePlan({ points: 5 }));
  await claim(await attach(), 2);
  const list = (state: 'QUEUED' | null, after: number | null, limit = 2) =>
    store.listTrials({ sweep: sweep.id, state, after, limit });
  expect((await list(null, null)).map((trial) => trial.position)).toEqual([0, 1]);
  expect((await list(null, 1)).map((trial) => trial.position)).toEqual([2, 3]);
  expect((await list('QUEUED', null, 10)).map((trial) => trial.position)).toEqual([2, 3, 4]);
  expect(await list('QUEUED', 4)).toEqual([]);
});

test('cancelSweep() ends what nobody runs; what runs is CANCELLED when it stops, and never queued again', async () => {
  const { store, attach, claim, trial, passLeases, sql } = await openTestStore();
  const sweep = await store.createSweep(makePlan({ points: 8, retries: 5 }));
  const worker = await attach();
  const [succeeds, stops, fails, leaves, isLost] = await claim(worker, 5);
  expect(await store.cancelSweep(sweep.id)).toMatchObject({ state: 'CANCELLED', finishedAt: expect.any(Date) });
  const [task] = await store.countTrials(sweep.id);
  expect(task!.counts).toMatchObject({ RUNNING: 5, CANCELLED: 3, QUEUED: 0 });
  expect(await store.finishAttempt(succeeds!, makeSuccess())).toMatchObject({ trialState: 'SUCCEEDED' });
  expect(await store.finishAttempt(stops!, stopped)).toMatchObject({ trialState: 'CANCELLED' });
  expect(await store.finishAttempt(fails!, failed)).toMatchObject({ accepted: true, trialState: 'CANCELLED' });
  expect(await store.finishAttempt(leaves!, { ...stopped, requeue: true })).toMatchObject({ trialState: 'CANCELLED' });
  await passLeases();
  expect(await store.expireLeases()).toHaveLength(1);
  expect(await trial(isLost!.trialId)).toMatchObject({ state: 'CANCELLED', finished_at: expect.any(Date) });
  expect(await store.settleSweeps()).toEqual([]);
  expect(await sql('SELECT DISTINCT state FROM sweeps')).toEqual([{ state: 'CANCELLED' }]);
});

test('cancelSweep() races with claims, ends and lost leases, and leaves no trial queued', async () => {
  const { store, attach, claim, sql } = await openTestStore();
  for (let round = 0; round < 5; round += 1) {
    const sweep = await store.createSweep(makePlan({ points: 40, retries: 5 }));
    const workers = await Promise.all(Array.from({ length: 4 }, () => attach()));
    const held = (await Promise.all(workers.map((worker) => claim(worker, 5)))).flat();
    await sql(`UPDATE attempts SET lease_expires_at = '-infinity' WHERE trial_id = ANY ($1)`, [
      held.slice(10).map((assignment) => assignment.trialId),
    ]);
    await Promise.all([
      ...workers.map((worker) => claim(worker, 2)),
      ...held.slice(0, 10).map((assignment, index) => store.finishAttempt(assignment, index % 2 ? failed : stopped)),
      store.cancelSweep(sweep.id),
      store.expireLeases(),
      ...workers.map((worker) => claim(worker, 2)),
    ]);
    // What was skipped because the cancellation held it is left to the next turn.
    await store.expireLeases();
    const left = await sql(
      `SELECT t.id FROM trials t LEFT JOIN attempts a ON a.trial_id = t.id AND a.state = 'ACTIVE'
        WHERE t.sweep_id = $1 AND (t.state = 'QUEUED' OR (t.state = 'RUNNING') <> (a.trial_id IS NOT NULL))`,
      [sweep.id],
    );
    expect(left).toEqual([]);
  }
});

test('expireLeases() leaves a sweep that is just being cancelled to its next turn', async () => {
  const { store, connectionString, attach, claim, passLeases, trial } = await openTestStore();
  const sweep = await store.createSweep(makePlan({ points: 1 }));
  const [lost] = await claim(await attach());
  await passLeases();
  const cancelling = new pg.Client({ connectionString });
  await cancelling.connect();
  await cancelling.query('BEGIN');
  await cancelling.query('SELECT FROM sweeps WHERE id = $1 FOR UPDATE', [sweep.id]);
  await cancelling.query(`UPDATE sweeps SET state = 'CANCELLED' WHERE id = $1`, [sweep.id]);
  expect(await store.expireLeases()).toEqual([]);
  await cancelling.query('COMMIT');
  await cancelling.end();
  expect(await store.expireLeases()).toHaveLength(1);
  expect(await trial(lost!.trialId)).toMatchObject({ state: 'CANCELLED' });
});

test('cancelSweep() is refused for a sweep that is over or unknown', async () => {
  const { store } = await openTestStore();
  const sweep = await store.createSweep(makePlan());
  await store.cancelSweep(sweep.id);
  await expect(store.cancelSweep(sweep.id)).rejects.toMatchObject({
    code: 'CONFLICT',
    message: `Cannot cancel sweep ${sweep.id}: it is CANCELLED, expected one that is not over`,
  });
  await expect(store.cancelSweep(randomUUID() as SweepId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await store.findSweep(randomUUID() as SweepId)).toBeNull();
});

test('settleSweeps() ends a sweep with its last trial: COMPLETED with a success, FAILED with none, by one caller', async () => {
  const { store, attach, claim, sweepState } = await openTestStore();
  const good = await store.createSweep(makePlan({ points: 2 }));
  const bad = await store.createSweep(makePlan({ points: 1 }));
  const open = await store.createSweep(makePlan({ points: 1 }));
  const [success, failure, other] = await claim(await attach(), 3);
  await store.finishAttempt(success!, makeSuccess());
  expect(await store.settleSweeps()).toEqual([]);
  await store.finishAttempt(failure!, failed);
  await store.finishAttempt(other!, failed);
  const settled = (await Promise.all([store.settleSweeps(), store.settleSweeps(), store.settleSweeps()])).flat();
  expect([...settled].sort()).toEqual([good.id, bad.id].sort());
  expect(await Promise.all([good, bad, open].map(({ id }) => sweepState(id)))).toEqual([
    'COMPLETED',
    'FAILED',
    'PENDING',
  ]);
  expect((await store.findSweep(good.id))!.finishedAt).toBeInstanceOf(Date);
});

test('readSummaryRows() gives each trial once with its result, ordered, and filters', async () => {
  const { store, attach, claim } = await openTestStore();
  const sweep = await store.createSweep(makePlan({ points: 2, replicates: 2, datasets: ['mnist', 'cifar10'] }));
  await store.createSweep(makePlan({ points: 1 }));
  const [first] = await claim(await attach());
  await store.finishAttempt(first!, makeSuccess({ scaleFactor: 2, teacherSha256: 'abc' }));
  const rows = await store.readSummaryRows({ sweep: sweep.id });
  expect(rows.map((row) => `${row.fingerprint} ${row.ordinal} ${row.replicate}`)).toEqual(
    ['cifar10', 'mnist'].flatMap((name) =>
      [0, 1].flatMap((ordinal) => [0, 1].map((replicate) => `fingerprint-${name} ${ordinal} ${replicate}`)),
    ),
  );
  expect(rows[4]).toEqual({
    ...{ sweepId: sweep.id, taskId: first!.taskId, dataset: 'mnist', protocol: 'classification', metric: 'top1' },
    ...{ teacher: 'cnn-m', student: 'cnn-s', objective: 'abkd', definition: first!.definition },
    ...{
      fingerprint: 'fingerprint-mnist',
      comparisonKey: 'comparison-mnist',
      pointsToCome: 0,
      ordinal: 0,
      cell: 'alpha=0',
    },
    ...{
      params: { alpha: 0 },
      sources: ['grid'],
      inSpace: true,
      scaleFactor: 2,
      purpose: 'SEARCH',
      rung: null,
      replicate: 0,
      seed: 1000,
    },
    ...{ state: 'SUCCEEDED', selectionValue: 91.5, testValue: 90.25, teacherTest: 95 },
    ...{ teacherSha256: 'abc', backend: 'wasm', kernelId: 'kernel-1' },
  });
  const count = async (filter: Parameters<typeof store.readSummaryRows>[0]) =>
    (await store.readSummaryRows(filter)).length;
  expect(await count({})).toBe(9);
  expect(await count({ dataset: 'mnist' })).toBe(5);
  expect(await count({ dataset: 'mnist', sweep: sweep.id, student: 'cnn-s', teacher: 'cnn-m' })).toBe(4);
  expect(await count({ objective: 'kd' })).toBe(0);
});

test('an unreachable database is UNAVAILABLE, without its address or password', async () => {
  const store = openStore({ connectionString: 'postgresql://abkd:secret@127.0.0.1:1/abkd' });
  const calls = [
    () => store.ping(),
    () => store.createSweep(makePlan()),
    () => store.findSweep(randomUUID() as SweepId),
    () => store.settleSweeps(),
  ];
  for (const call of calls) {
    await expect(call()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
      message: expect.stringMatching(/^Cannot [a-z ]+: the database cannot be reached at present$/),
    });
  }
  await store.close();
});
