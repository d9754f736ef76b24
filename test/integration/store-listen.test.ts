import { expect, onTestFinished, test } from 'vitest';
import { listenForWork } from '../../coordinator/store/listen.ts';
import { eventually } from '../support/eventually.ts';
import { makePlan } from '../support/plans.ts';
import { openTestStore } from '../support/store.ts';

const timeoutMs = 10_000;

async function listen() {
  const opened = await openTestStore();
  const stop = new AbortController();
  const heard = { wakes: 0, troubles: 0 };
  const ended = listenForWork(
    opened.connectionString,
    () => {
      heard.wakes += 1;
    },
    stop.signal,
    () => {
      heard.troubles += 1;
    },
  );
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  await eventually(() => expect(heard.wakes).toBe(1), { timeoutMs });
  /** Waits for one more wake. */
  const nextWake = async (act: () => Promise<unknown>) => {
    const before = heard.wakes;
    await act();
    await eventually(() => expect(heard.wakes).toBeGreaterThan(before), { timeoutMs });
  };
  return { ...opened, heard, nextWake };
}

test('listeners wake when a sweep comes, when trials are queued again and when a sweep is cancelled', async () => {
  const { store, attach, claim, passLeases, nextWake } = await listen();
  let sweep: Awaited<ReturnType<typeof store.createSweep>> | undefined;
  await nextWake(async () => {
    sweep = await store.createSweep(makePlan());
  });
  const [first] = await claim(await attach(), 2);
  await nextWake(() => store.finishAttempt(first!, { kind: 'stopped', requeue: true }));
  await passLeases();
  await nextWake(() => store.expireLeases());
  await nextWake(() => store.cancelSweep(sweep!.id));
});

test('a listener whose connection is cut reconnects, and wakes because it may have missed a hint', async () => {
  const { store, sql, heard, nextWake } = await listen();
  await nextWake(() =>
    sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'abkd listen'`),
  );
  expect(heard.troubles).toBe(1);
  await nextWake(() => store.createSweep(makePlan()));
});

test('a store whose connections are cut goes on with the next call', async () => {
  const { store, sql } = await openTestStore();
  await store.createSweep(makePlan());
  await Promise.all([store.ping(), store.ping(), store.ping()]);
  await sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE application_name = 'abkd' AND datname = current_database()`);
  await eventually(() => store.createSweep(makePlan()), { timeoutMs });
  expect(await store.listSweeps({ before: null, limit: 10 })).toHaveLength(2);
});
