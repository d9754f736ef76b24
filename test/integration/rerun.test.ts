/** Rerun and the certificate through a whole coordinator, with a worker whose trials end as the test says. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RerunAnswer, SweepAnswer } from '../../core/api/sweep.ts';
import type { AttemptOutcome } from '../../core/attempt.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type CoordinatorProgram, startCoordinatorProgram } from '../support/fleet.ts';
import { assertEveryTrialCountedOnce } from '../support/history.ts';
import { createPrograms } from '../support/processes.ts';
import { call, get, noopSpec, post, submit } from '../support/rest.ts';
import { attachScriptedWorker, keyOf, type ScriptedWorker, success } from '../support/scripted-worker.ts';

const soon = { timeoutMs: 15_000 };
const crash: AttemptOutcome = { kind: 'failure', failure: { kind: 'EXCEPTION', message: 'the disk is full' } };
const spec = { ...noopSpec(), replicates: 2, limits: { retries: 0 } };

const programs = createPrograms();
let database: TestDatabase;
let coordinator: CoordinatorProgram;

beforeAll(async () => {
  database = await createTestDatabase();
  coordinator = await startCoordinatorProgram(programs, database.connectionString);
});
afterAll(async () => {
  await programs.killAll();
  await database.drop();
});

const sweepUrl = (id: string) => `${coordinator.http}/api/v1/sweeps/${id}`;
const rerun = <Body = RerunAnswer>(id: string, which: string) =>
  post<Body>(`${sweepUrl(id)}/rerun`, JSON.stringify({ which }));

/** The sweep once it is in the state. */
const settled = (id: string, state: string) =>
  eventually(async () => {
    const sweep = await get<SweepAnswer>(sweepUrl(id));
    if (sweep.state !== state) throw new Error(`the sweep is ${sweep.state}, expected ${state}`);
    return sweep;
  }, soon);

/** Takes trials one by one; how each of them ends is asked for, with its cell and replicate. */
async function work(worker: ScriptedWorker, trials: number, end: (cell: string) => AttemptOutcome): Promise<string[]> {
  const ran: string[] = [];
  while (ran.length < trials) {
    worker.ready(1);
    const assign = await worker.take('assign');
    const cell = `${JSON.stringify(assign.params)} seed ${assign.replicate}`;
    worker.report(keyOf(assign), end(cell));
    await worker.take('ack');
    ran.push(cell);
  }
  return ran;
}

describe('POST /sweeps/{id}/rerun', () => {
  it('runs exactly the trials that failed, once their cause is gone', async () => {
    const { id, plannedTrials } = await submit(coordinator.http, spec);
    const worker = attachScriptedWorker(coordinator.grpc);
    let turn = 0;
    const first = await work(worker, plannedTrials, () => (turn++ % 3 === 0 ? crash : success(90)));
    const failed = first.filter((_, place) => place % 3 === 0);
    const { tasks } = await settled(id, 'COMPLETED');
    expect(tasks[0]!.coverage).toMatchObject({
      trials: { planned: plannedTrials, succeeded: plannedTrials - failed.length, failed: failed.length, toCome: 0 },
      ...{ missing: { count: failed.length }, extraAttempts: { failed: failed.length, lost: 0 }, complete: false },
    });

    const { status, body } = await rerun(id, 'failed');
    expect([status, body]).toEqual([
      200,
      {
        ...{ id, state: 'RUNNING', which: 'failed', trials: failed.length, points: 0 },
        tasks: [{ id: tasks[0]!.id, dataset: 'mnist', objective: 'abkd', trials: failed.length, points: 0 }],
      },
    ]);
    const again = await work(worker, failed.length, () => success(91));
    expect(again.sort()).toEqual(failed.sort());
    const { tasks: done } = await settled(id, 'COMPLETED');
    expect(done[0]!.coverage).toMatchObject({
      ...{ complete: true, duplicates: 0, missing: { count: 0, first: [] } },
      cells: { planned: plannedTrials / 2, covered: plannedTrials / 2 },
    });
    await assertEveryTrialCountedOnce(database.connectionString, id);
    expect((await rerun(id, 'failed')).status).toBe(409);
    worker.drop();
  });

  it('completes a sweep that was cancelled half way: each cell and seed has run once', async () => {
    const { id, plannedTrials } = await submit(coordinator.http, spec);
    const worker = attachScriptedWorker(coordinator.grpc);
    const before = await work(worker, 2, () => success(90));
    expect(await rerun(id, 'missing')).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    await call(`${sweepUrl(id)}/cancel`, { method: 'POST' });
    expect((await rerun(id, 'missing')).body).toMatchObject({ state: 'RUNNING', trials: plannedTrials - 2 });
    const after = await work(worker, plannedTrials - 2, () => success(90));
    expect(new Set([...before, ...after]).size).toBe(plannedTrials);
    expect((await settled(id, 'COMPLETED')).tasks[0]!.coverage.complete).toBe(true);
    await assertEveryTrialCountedOnce(database.connectionString, id);
    worker.drop();
  });

  it('takes up an adaptive search that was cancelled, up to its last point', async () => {
    const search = { ...spec.search, method: 'tpe', points: 3, include: ['fkl'] };
    const { id } = await submit(coordinator.http, { ...spec, search, replicates: 1 });
    const worker = attachScriptedWorker(coordinator.grpc);
    await work(worker, 2, () => success(90));
    await call(`${sweepUrl(id)}/cancel`, { method: 'POST' });
    const { trials, points } = (await rerun(id, 'missing')).body;
    expect(trials + points).toBe(2);
    await work(worker, 2, () => success(90));
    const { tasks } = await settled(id, 'COMPLETED');
    expect(tasks[0]).toMatchObject({
      points: 4,
      search: { state: 'FINISHED', suggested: 3 },
      coverage: { complete: true },
    });
    worker.drop();
  });

  it.each([
    ['another kind', '{"which":"all"}', 'application/json', 400],
    ['no kind', '{}', 'application/json', 400],
    ['an unknown field', '{"which":"failed","force":true}', 'application/json', 400],
    ['no JSON', '{"which"', 'application/json', 400],
    ['another type', 'which: failed', 'application/yaml', 415],
  ])('refuses a body with %s', async (_title, body, contentType, expected) => {
    const answer = await post(`${sweepUrl('00000000-0000-4000-8000-000000000000')}/rerun`, body, contentType);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      expected,
      'application/problem+json; charset=utf-8',
    ]);
  });

  it('knows no sweep that is not there', async () => {
    expect((await rerun('00000000-0000-4000-8000-000000000000', 'failed')).status).toBe(404);
  });
});
