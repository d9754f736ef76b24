/** A surface from real results, through REST and as people read it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProblemAnswer } from '../../core/api/page.ts';
import type { SummaryAnswer } from '../../core/api/summary.ts';
import type { SurfaceAnswer } from '../../core/api/surface.ts';
import { runCli } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type CoordinatorProgram, getSweep, startCoordinatorProgram } from '../support/fleet.ts';
import { createPrograms } from '../support/processes.ts';
import { call, get, noopSpec, submit } from '../support/rest.ts';
import { createWorkerPrograms, type WorkerPrograms } from '../support/worker-program.ts';

const programs = createPrograms();
let database: TestDatabase;
let workers: WorkerPrograms;
let coordinator: CoordinatorProgram;
let sweep: string;

const spec = noopSpec({
  objectives: [{ kind: 'abkd' }, { kind: 'kd' }],
  search: {
    method: 'grid',
    space: { alpha: { values: [0, 0.5, 1] }, beta: { values: [0, 0.25, 0.75] } },
    constraints: ['alpha + beta <= 1.5'],
    include: ['fkl', 'rkl'],
  },
  replicates: 2,
  run: { kind: 'noop', durationMs: 0, steps: 1 },
});

beforeAll(async () => {
  database = await createTestDatabase();
  workers = await createWorkerPrograms(programs);
  coordinator = await startCoordinatorProgram(programs, database.connectionString);
  sweep = (await submit(coordinator.http, spec)).id;
});
afterAll(async () => {
  await programs.killAll();
  await workers.remove();
  await database.drop();
});

const surfaceUrl = (query: string) => `${coordinator.http}/api/v1/sweeps/${sweep}/surface${query}`;

test('a surface without results, of no or of the wrong task is refused with the reason', async () => {
  const refused = async (query: string) => (await call<ProblemAnswer>(surfaceUrl(query))).body;
  expect(await refused('?task=0')).toMatchObject({
    status: 409,
    detail: 'Cannot fit the surface of task 0 (mnist abkd): 0 points of its space have values, expected at least 5',
  });
  expect(await refused('?task=1')).toMatchObject({
    status: 409,
    detail: expect.stringContaining('nothing is searched'),
  });
  expect(await refused('')).toMatchObject({
    status: 400,
    problems: [{ path: 'task', message: expect.stringContaining('one of 0 (mnist abkd), 1 (mnist kd)') }],
  });
  expect(await refused('?task=2')).toMatchObject({ status: 404 });
  expect(await refused('?task=alpha')).toMatchObject({ status: 400, problems: [{ path: 'task' }] });
  expect(await refused('?tusk=0')).toMatchObject({ status: 400, problems: [{ path: 'tusk' }] });
});

test('a surface finds the optimum of a grid, as JSON, as a map, and in short in the summary', async () => {
  workers.start(coordinator.grpc);
  await eventually(async () => expect((await getSweep(coordinator.http, sweep)).state).toBe('COMPLETED'), {
    timeoutMs: 60_000,
  });
  // The made-up surface has its top at (0.6, 0.3): (0.5, 0.25) is the nearest cell. Its seeds shift all points alike.
  const surface = await get<SurfaceAnswer>(surfaceUrl('?task=0'));
  expect(surface).toMatchObject({
    sweepId: sweep,
    ordinal: 0,
    unit: '%',
    n: { points: 9, trials: 18, degreesOfFreedom: 8 },
    plane: { x: 'alpha', y: 'beta', xs: [0, 0.5, 1], ys: [0, 0.25, 0.75] },
    recommended: { cell: 'alpha=0.5,beta=0.25', observed: { n: 2 } },
    landmarks: [{ cell: 'alpha=1,beta=0' }, { cell: 'alpha=0,beta=1' }],
  });
  expect(surface.plane.mean.map((row) => row.map((value) => value === null))).toEqual([
    [false, false, false],
    [false, false, false],
    [false, false, true],
  ]);
  expect(surface.region.cells[0]).toMatchObject({ params: { alpha: 0.5, beta: 0.25 } });
  expect(surface.comparisons.map(({ against, lead }) => [against, lead!.p! < 0.001])).toEqual([
    ['fkl', true],
    ['rkl', true],
    ['alpha+beta=1', true],
  ]);
  const byId = await get<SurfaceAnswer>(surfaceUrl(`?task=${surface.taskId}`));
  expect({ ...byId, generatedAt: '' }).toEqual({ ...surface, generatedAt: '' });

  const env = { ABKD_URL: coordinator.http };
  const drawn = await runCli(['surface', 'latest', '--task', '0'], { env });
  expect([drawn.code, drawn.stderr]).toEqual([0, '']);
  expect(drawn.stdout).toMatch(/^ {3}0\.25 \d\.9\*\d\.$/m);
  expect(drawn.stdout).toMatch(/^Take α=0\.5 β=0\.25: \d+\.\d\d ± /m);
  const json = await runCli(['surface', sweep.slice(0, 8), '--task', '0', '--json'], { env });
  expect(JSON.parse(json.stdout).region).toEqual(surface.region);
  const unnamed = await runCli(['surface', 'latest'], { env });
  expect([unnamed.code, unnamed.stdout]).toEqual([1, '']);
  expect(unnamed.stderr).toContain('it has 2 tasks');

  const group = await eventually(
    async () => {
      const { groups } = await get<SummaryAnswer>(`${coordinator.http}/api/v1/summary?objective=abkd`);
      expect(groups[0]!.surface).not.toBeNull();
      return groups[0]!;
    },
    { timeoutMs: 15_000 },
  );
  expect(group.surface).toMatchObject({
    trials: 18,
    recommended: { cell: 'alpha=0.5,beta=0.25' },
    region: { level: 0.9, size: surface.region.size },
  });
  expect(group.landmarks[0]!.lead).toMatchObject({ n: 2, candidates: 7, pHolm: group.landmarks[0]!.lead!.p });
  expect(group.alphaLine).toMatchObject({ result: { cell: 'alpha=1,beta=0' }, lead: { n: 2, isPaired: true } });
});
