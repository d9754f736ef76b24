/** Adaptive searches through real coordinators and workers: nothing twice, nothing lost, and every suggestion replayed. */
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { PointAnswer, SweepAnswer } from '../../core/api/sweep.ts';
import type { TrialAnswer } from '../../core/api/trial.ts';
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
afterEach(() => programs.killAll());
afterAll(async () => {
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

function completed({ http }: CoordinatorProgram, sweep: string): Promise<SweepAnswer> {
  return eventually(async () => {
    const found = await getSweep(http, sweep);
    expect(found.state).toBe('COMPLETED');
    return found;
  }, soon);
}

const replay = ({ http }: CoordinatorProgram, sweep: string) => runCli(['replay', sweep], { env: { ABKD_URL: http } });

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
  const sweep = await completed(kept, id);
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

  expect(await replay(kept, id.slice(0, 8))).toEqual({
    code: 0,
    stdout: expect.stringMatching(reproduced(15)),
    stderr: '',
  });
  const last = points.at(-1)!;
  const client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  await client.query(`UPDATE points SET cell = 'alpha=0,beta=0.05' WHERE cell = $1 AND ordinal = 16`, [last.cell]);
  await client.end();
  const changed = await replay(kept, id);
  expect(changed).toMatchObject({ code: 1, stderr: '' });
  expect(changed.stdout).toMatch(
    /^mnist abkd: 14 of 15 suggestions, (\d+) of \d+ steps reproduced\n {2}step \d+: recorded /,
  );
  expect(changed.stdout).toMatch(
    new RegExp(`alpha=0,beta=0\\.05, recomputed .*${last.cell.replaceAll('.', '\\.')}\n$`),
  );
});

/** The line of a replay in which everything came out the same. */
function reproduced(suggestions: number): RegExp {
  return new RegExp(`^mnist abkd: ${suggestions} of ${suggestions} suggestions, (\\d+) of \\1 steps reproduced\n$`);
}

test('a search spends seeds, stops when it is sure, and has its best points confirmed by fresh seeds; so has a grid', async () => {
  const coordinator = await startCoordinatorProgram(programs, database.connectionString);
  workers.start(coordinator.grpc);
  const { id, plannedTrials } = await submit(
    coordinator.http,
    noopSpec({
      name: 'noise',
      tasks: spec.tasks,
      objectives: [{ kind: 'abkd' }, { kind: 'kd' }],
      search: { ...spec.search, points: 20, stop: { within: 5, probability: 0.9 } },
      replicates: { min: 1, max: 4 },
      confirm: { points: 3, seeds: 2 },
      run: { kind: 'noop', durationMs: 20, steps: 1 },
    }),
  );
  expect(plannedTrials).toBe(2 + 50 + 6 + 4);
  const sweep = await completed(coordinator, id);
  const [searched, baseline] = sweep.tasks;
  expect(searched!.search).toMatchObject({ state: 'FINISHED', stopped: { within: 5, planned: 50 } });
  expect(searched!.search!.stopped!.probability).toBeGreaterThan(0.9);
  expect(searched!.search!.suggested).toBeLessThan(50);
  expect(sweep.plannedTrials).toBe(sweep.trials.SUCCEEDED);
  expect(baseline).toMatchObject({ search: null, trials: { SUCCEEDED: 4 }, best: { search: null } });
  await assertEveryTrialCountedOnce(database.connectionString, id);

  const trials = (await get<{ items: TrialAnswer[] }>(`${coordinator.http}/api/v1/sweeps/${id}/trials?limit=200`))
    .items;
  const confirming = trials.filter(({ purpose }) => purpose === 'CONFIRM');
  expect(new Set(confirming.map(({ cell }) => cell)).size).toBe(3);
  expect(new Set(confirming.map(({ seed }) => seed)).size).toBe(2);
  const searchSeeds = new Set(trials.filter(({ purpose }) => purpose === 'SEARCH').map(({ seed }) => seed));
  expect(confirming.filter(({ seed }) => searchSeeds.has(seed))).toEqual([]);
  const { best } = searched!;
  const fresh = confirming.filter(({ cell }) => cell === best!.cell).map(({ selectionValue }) => selectionValue!);
  expect(best!.selection).toMatchObject({ n: 2, mean: (fresh[0]! + fresh[1]!) / 2 });
  expect(best!.search!.n).toBeGreaterThanOrEqual(1);

  expect(await replay(coordinator, id)).toEqual({
    code: 0,
    stdout: expect.stringMatching(reproduced(searched!.search!.suggested)),
    stderr: '',
  });
  const status = await runCli(['status', id], { env: { ABKD_URL: coordinator.http } });
  expect(status.stdout).toMatch(/stopped: within 5 of the best with probability [01]\.\d\d after \d+ of 50 points/);

  // A grid has nothing to decide but what is run again.
  const grid = await submit(coordinator.http, noopSpec({ confirm: { points: 2, seeds: 3 } }));
  const confirmed = await completed(coordinator, grid.id);
  expect(confirmed.trials.SUCCEEDED).toBe(grid.plannedTrials);
  expect(confirmed.tasks[0]).toMatchObject({
    search: { state: 'FINISHED', suggested: 0, planned: 0 },
    best: { selection: { n: 3 } },
  });
  expect(await replay(coordinator, grid.id)).toEqual({
    code: 0,
    stdout: 'mnist abkd: 1 of 1 step reproduced\n',
    stderr: '',
  });
});
