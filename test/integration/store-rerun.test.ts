import { expect, test } from 'vitest';
import { openDatabase } from '../../coordinator/store/database.ts';
import { findSweepsToSettle, lockSweepsToSettle, settleSweeps } from '../../coordinator/store/sql/settle-sweeps.ts';
import { maxLostAttempts } from '../../core/attempt.ts';
import { certify } from '../../core/coverage.ts';
import type { SweepId } from '../../core/ids.ts';
import { expandSpec } from '../../core/spec/expand.ts';
import { checkSpec } from '../../core/spec/parse.ts';
import { assertEveryTrialCountedOnce, findViolations, readHistory } from '../support/history.ts';
import { makePlan } from '../support/plans.ts';
import { noopSpec } from '../support/rest.ts';
import { makeSuccess, openTestStore, type TestStore } from '../support/store.ts';

const failed = { kind: 'failure', failure: { kind: 'CRASH', message: 'exit code 1' } } as const;
const stopped = { kind: 'stopped', requeue: false } as const;

/** Claims all that can be claimed and lets it succeed; the number of trials. */
async function succeedAll({ store, attach, claim }: TestStore): Promise<number> {
  const claimed = await claim(await attach(), 100);
  for (const trial of claimed) await store.finishAttempt(trial, makeSuccess());
  return claimed.length;
}

const coverageOf = async ({ store }: TestStore, id: SweepId) => certify((await store.countCoverage(id))[0]!);

test('a rerun of what failed queues it with all its retries, and what the failed attempts still say is refused', async () => {
  const opened = await openTestStore();
  const { store, attach, claim, trial, passBackoff, passLeases, connectionString } = opened;
  const sweep = await store.createSweep(makePlan({ points: 3, retries: 1 }));
  const worker = await attach();
  const [good, bad, unlucky] = await claim(worker, 3);
  await store.finishAttempt(good!, makeSuccess());
  await store.finishAttempt(bad!, failed);
  await passBackoff();
  for (const again of await claim(worker, 5)) await store.finishAttempt(again, failed);
  for (let loss = 1; loss <= maxLostAttempts; loss += 1) {
    await passLeases();
    await store.expireLeases();
    await passBackoff();
    await claim(worker);
  }
  await store.settleSweeps();
  const failures = await store.listTrials({ sweep: sweep.id, state: 'FAILED', after: null, limit: 9 });
  expect(failures.map(({ failure }) => failure!.kind).sort()).toEqual(['CRASH', 'LOST']);

  const [task] = await store.listTasks(sweep.id);
  expect(await store.rerunSweep(sweep.id, 'failed')).toEqual([{ taskId: task!.id, trials: 2, points: 0 }]);
  expect(await store.findSweep(sweep.id)).toMatchObject({ state: 'RUNNING', finishedAt: null });
  expect(await trial(bad!.trialId)).toMatchObject({
    ...{ state: 'QUEUED', attempt: 2, failures: 0, losses: 0, failure_kind: null, finished_at: null },
  });
  expect(findViolations(await readHistory(connectionString, sweep.id))).toEqual([]);
  const late = { trialId: unlucky!.trialId, attempt: maxLostAttempts };
  expect(await store.finishAttempt(late, makeSuccess())).toEqual({ accepted: false, trialState: 'QUEUED' });

  const again = (await claim(worker, 5)).find(({ trialId }) => trialId === bad!.trialId)!;
  expect(again.attempt).toBe(3);
  expect(await store.finishAttempt(again, failed)).toMatchObject({ trialState: 'QUEUED' });
  expect(findViolations(await readHistory(connectionString, sweep.id))).toEqual([]);
  await passLeases();
  await store.expireLeases();
  await passBackoff();
  expect(await succeedAll(opened)).toBe(2);
  expect(await store.settleSweeps()).toEqual([sweep.id]);
  expect(await opened.sweepState(sweep.id)).toBe('COMPLETED');
  await assertEveryTrialCountedOnce(connectionString, sweep.id);
  expect(await coverageOf(opened, sweep.id)).toMatchObject({
    ...{ complete: true, duplicates: 0, extraAttempts: { failed: 3, lost: maxLostAttempts + 1 } },
  });
});

test('a cancelled sweep is completed by a rerun of what is missing, each cell and seed once', async () => {
  const opened = await openTestStore();
  const { store, attach, claim, connectionString, sql } = opened;
  const sweep = await store.createSweep(makePlan({ points: 4, replicates: 2 }));
  const held = await claim(await attach(), 3);
  await store.finishAttempt(held[0]!, makeSuccess());
  await store.cancelSweep(sweep.id);
  const tooEarly = /what is missing of sweep .*: 2 of its trials are still being stopped/;
  await expect(store.rerunSweep(sweep.id, 'missing')).rejects.toThrow(tooEarly);
  await store.finishAttempt(held[1]!, makeSuccess());
  await store.finishAttempt(held[2]!, stopped);
  expect(await coverageOf(opened, sweep.id)).toEqual({
    cells: { planned: 4, covered: 2 },
    trials: { planned: 8, succeeded: 2, failed: 0, pruned: 0, cancelled: 6, toCome: 0 },
    missing: {
      count: 6,
      first: [
        ...[0, 1].map((point) => ({ cell: `alpha=${point / 10}`, replicate: 1, state: 'CANCELLED' })),
        ...[0, 1].map((replicate) => ({ cell: 'alpha=0.2', replicate, state: 'CANCELLED' })),
        { cell: 'alpha=0.3', replicate: 0, state: 'CANCELLED' },
      ],
    },
    ...{ duplicates: 0, extraAttempts: { failed: 0, lost: 0 }, complete: false },
  });
  // Over for an hour, which is no running time.
  await sql(
    `UPDATE sweeps SET started_at = started_at - interval '2 hours', finished_at = finished_at - interval '1 hour'`,
  );
  expect((await store.rerunSweep(sweep.id, 'missing'))[0]).toMatchObject({ trials: 6 });
  const { startedAt } = (await store.findSweep(sweep.id))!;
  expect(Date.now() - startedAt!.getTime()).toBeLessThan(90 * 60_000);
  expect(await succeedAll(opened)).toBe(6);
  await store.settleSweeps();
  expect(await opened.sweepState(sweep.id)).toBe('COMPLETED');
  await assertEveryTrialCountedOnce(connectionString, sweep.id);
  expect(await coverageOf(opened, sweep.id)).toMatchObject({ complete: true, missing: { count: 0, first: [] } });
});

test('of a cancelled sweep the failed trials alone can be run; it is CANCELLED again afterwards', async () => {
  const opened = await openTestStore();
  const { store, attach, claim, connectionString } = opened;
  const sweep = await store.createSweep(makePlan({ points: 3 }));
  await store.finishAttempt((await claim(await attach()))[0]!, failed);
  await store.cancelSweep(sweep.id);
  await store.rerunSweep(sweep.id, 'failed');
  expect(findViolations(await readHistory(connectionString, sweep.id))).toEqual([]);
  expect(await succeedAll(opened)).toBe(1);
  expect(await store.settleSweeps()).toEqual([sweep.id]);
  expect(await opened.sweepState(sweep.id)).toBe('CANCELLED');
  await store.rerunSweep(sweep.id, 'missing');
  expect(await succeedAll(opened)).toBe(2);
  await store.settleSweeps();
  await assertEveryTrialCountedOnce(connectionString, sweep.id);
});

test('a search that a cancellation stopped goes on with the points that it had left', async () => {
  const opened = await openTestStore();
  const { store } = opened;
  const search = { ...noopSpec().search, method: 'gp', points: 3, include: ['fkl'] };
  const sweep = await store.createSweep(expandSpec(checkSpec({ ...noopSpec({ search }), replicates: 2 })));
  await succeedAll(opened);
  await store.cancelSweep(sweep.id);
  expect(await coverageOf(opened, sweep.id)).toMatchObject({
    ...{ cells: { planned: 4, covered: 1 }, missing: { count: 6, first: [] }, complete: false },
    trials: { planned: 8, succeeded: 2, cancelled: 6, toCome: 0 },
  });
  const [task] = await store.listTasks(sweep.id);
  expect(await store.rerunSweep(sweep.id, 'missing')).toEqual([{ taskId: task!.id, trials: 0, points: 3 }]);
  expect(await store.findSearches()).toHaveLength(1);
  expect((await store.listTasks(sweep.id))[0]).toMatchObject({ searchState: 'OPEN', plannedPoints: 4 });
  expect((await coverageOf(opened, sweep.id)).trials).toMatchObject({ cancelled: 0, toCome: 6 });
});

test('there must be something to run, of a sweep that is there and, for what is missing, over', async () => {
  const opened = await openTestStore();
  const { store } = opened;
  const sweep = await store.createSweep(makePlan({ points: 1 }));
  const refused = (kind: 'missing' | 'failed', id = sweep.id) => expect(store.rerunSweep(id, kind)).rejects;
  await refused('missing').toMatchObject({
    code: 'CONFLICT',
    message: expect.stringContaining('PENDING, expected one'),
  });
  await refused('failed').toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('there is none') });
  await succeedAll(opened);
  await store.settleSweeps();
  await refused('missing').toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('there is none') });
  expect(await opened.sweepState(sweep.id)).toBe('COMPLETED');
  await refused('failed', '00000000-0000-4000-8000-000000000000' as SweepId).toMatchObject({ code: 'NOT_FOUND' });
});

test('of racing reruns one queues the trials, beside claims, ends, cancellations and settling', async () => {
  const opened = await openTestStore();
  const { store, attach, claim, connectionString, sql } = opened;
  const workers = await Promise.all([1, 2, 3].map(() => attach()));
  const quietly = (call: Promise<unknown>) => call.catch((error) => expect(error.code).toBe('CONFLICT'));
  for (let round = 0; round < 6; round += 1) {
    const sweep = await store.createSweep(makePlan({ points: 12 }));
    for (const trial of await claim(workers[0]!, 12)) {
      await store.finishAttempt(trial, trial.params.alpha! < 0.4 ? makeSuccess() : failed);
    }
    if (round % 2 === 0) await store.settleSweeps();
    const reruns = [1, 2, 3].map(() => store.rerunSweep(sweep.id, 'failed'));
    const others = [
      ...workers.map(async (worker) => {
        for (const trial of await claim(worker, 3)) await store.finishAttempt(trial, makeSuccess());
      }),
      ...[store.settleSweeps(), store.settleSweeps(), store.expireLeases()],
      ...(round % 3 === 0 ? [quietly(store.cancelSweep(sweep.id))] : []),
    ];
    const answers = await Promise.allSettled(reruns);
    await Promise.all(others);
    const queued = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    // The same trials cannot fail twice here.
    expect(queued.map(({ trials }) => trials)).toEqual([8]);
    expect(findViolations(await readHistory(connectionString, sweep.id))).toEqual([]);
    await quietly(store.rerunSweep(sweep.id, 'missing'));
    await succeedAll(opened);
    await store.settleSweeps();
    await assertEveryTrialCountedOnce(connectionString, sweep.id);
    expect(await opened.sweepState(sweep.id)).toBe('COMPLETED');
  }
  expect(await sql(`SELECT FROM trials WHERE state <> 'SUCCEEDED'`)).toEqual([]);
});

test('a sweep that a rerun takes up between the look and the lock is not settled', async () => {
  const opened = await openTestStore();
  const { store, attach, claim, connectionString } = opened;
  const sweep = await store.createSweep(makePlan({ points: 1 }));
  await store.finishAttempt((await claim(await attach()))[0]!, failed);
  const database = openDatabase({ connectionString });
  const found = await findSweepsToSettle(database.query);
  expect(found).toEqual([sweep.id]);
  await store.rerunSweep(sweep.id, 'failed');
  const settled = await database.transaction(async (run) => settleSweeps(run, await lockSweepsToSettle(run, found)));
  await database.close();
  expect(settled).toEqual([]);
  expect(await opened.sweepState(sweep.id)).toBe('RUNNING');
});

test('the certificate counts results twice where rows say so', async () => {
  const opened = await openTestStore();
  const { store, attach, claim, sql } = opened;
  const sweep = await store.createSweep(makePlan({ points: 2 }));
  await succeedAll(opened);
  expect(await coverageOf(opened, sweep.id)).toMatchObject({ duplicates: 0, complete: true });
  await sql(
    `INSERT INTO attempts (trial_id, number, worker_id, state, lease_expires_at, kernel_id, backend, backend_version, device_kind)
     SELECT trial_id, 2, worker_id, state, now(), kernel_id, backend, backend_version, device_kind FROM attempts LIMIT 1`,
  );
  expect(await coverageOf(opened, sweep.id)).toMatchObject({ duplicates: 1, complete: false });
  // A sweep of which nothing ran has no result to count.
  const idle = await store.createSweep(makePlan({ points: 2 }));
  expect(await claim(await attach(['cifar10']))).toEqual([]);
  expect(await coverageOf(opened, idle.id)).toMatchObject({ duplicates: 0, complete: false, trials: { toCome: 2 } });
});
