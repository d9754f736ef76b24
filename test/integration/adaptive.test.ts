/** Adaptive searches through real coordinators and workers: nothing twice, nothing lost, and every suggestion replayed. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PointAnswer, SweepAnswer } from '../../core/api.ts';
import { runCli } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type CoordinatorProgram, getSweep, startCoordinatorProgram } from '../support/fleet.ts';
import { assertEveryTrialCountedOnce } from '../support/history.ts';
import { createPrograms } from '../support/processes.ts';
import { get, noopSpec, submit } from '../support/rest.ts';
import { createWorkerPrograms, type WorkerPrograms } from '../support/worker-program.ts';

const soon = { timeoutMs: 60_000 };
const programs = createPrograms();
let database: TestDatabase;
let workers: WorkerPrograms;

beforeAll(async () => {
  database = await createTestDatabase();
  workers = await createWorkerPrograms(programs);
});
afterAll(async () => {
  await programs.killAll();
  await workers.remove();
  await database.drop();
});

const fromMinusToPlus = { min: -0.5, max: 1.5, step: 0.05 };
const spec = noopSpec({
  search: {
    method: 'gp',
    space: { alpha: fromMinusToPlus, beta: fromMinusToPlus },
    constraints: ['alpha + beta <= 2'],
    points: 15,
    include: ['fkl', 'rkl'],
    seed: 3,
  },
  replicates: 2,
  run: { kind: 'noop', durationMs: 100, steps: 1 },
});

async function pointsOf(coordinator: CoordinatorProgram, sweep: string): Promise<readonly PointAnswer[]> {
  return (await get<{ items: PointAnswer[] }>(`${coordinator.http}/api/v1/sweeps/${sweep}/points?limit=100`)).items;
}

const suggested = (sweep: SweepAnswer) => sweep.tasks[0]?.search?.suggested ?? 0;

test('a search goes on through two coordinators, one of which is killed, and all of it is reproduced', async () => {
  const start = () => startCoordinatorProgram(programs, database.connectionString);
  const [kept, doomed] = await Promise.all([start(), start()]);
  workers.start(kept.grpc);
  workers.start(`${doomed.grpc}`);
  const { id, plannedTrials } = await submit(kept.http, spec);
  expect(plannedTrials).toBe(2 * 17);
  await eventually(async () => expect(suggested(await getSweep(kept.http, id))).toBeGreaterThan(4), soon);
  doomed.program.kill('SIGKILL');
  const sweep = await eventually(async () => {
    const found = await getSweep(kept.http, id);
    expect(found.state).toBe('COMPLETED');
    return found;
  }, soon);
  expect(sweep).toMatchObject({
    plannedTrials: 34,
    trials: { SUCCEEDED: 34 },
    tasks: [{ points: 17, search: { state: 'FINISHED', suggested: 15, planned: 15 } }],
  });
  await assertEveryTrialCountedOnce(database.connectionString, id);
  const points = await pointsOf(kept, id);
  expect(points.map(({ ordinal }) => ordinal)).toEqual(points.map((_, place) => place));
  expect(new Set(points.map(({ cell }) => cell)).size).toBe(17);
  expect(points.map(({ sources }) => sources[0])).toEqual(['landmark:fkl', 'landmark:rkl', ...Array(15).fill('gp')]);
  // The surface has its optimum of 90 at (0.6, 0.3); the best of 15 points drawn at random lies 0.2 away from it.
  const { alpha, beta } = sweep.tasks[0]!.best!.params;
  expect(Math.hypot(alpha! - 0.6, beta! - 0.3)).toBeLessThan(0.1);

  const replay = () => runCli(['replay', id.slice(0, 8)], { env: { ABKD_URL: kept.http } });
  expect(await replay()).toEqual({ code: 0, stdout: 'mnist abkd: 15 of 15 suggestions reproduced\n', stderr: '' });
  const last = points.at(-1)!;
  const client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  await client.query(`UPDATE points SET cell = 'alpha=0,beta=0.05' WHERE cell = $1 AND ordinal = 16`, [last.cell]);
  await client.end();
  expect(await replay()).toEqual({
    code: 1,
    stdout: `mnist abkd: 14 of 15 suggestions reproduced\n  point 16: recorded alpha=0,beta=0.05, recomputed ${last.cell}\n`,
    stderr: '',
  });
});
