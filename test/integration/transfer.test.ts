/** A search that starts from a finished one, through a real coordinator and worker. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from '../../core/api/page.ts';
import type { PointAnswer, StepAnswer, SweepAnswer, TaskSources } from '../../core/api/sweep.ts';
import { runCli } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type CoordinatorProgram, getSweep, startCoordinatorProgram } from '../support/fleet.ts';
import { createPrograms } from '../support/processes.ts';
import { get, noopSpec, submit } from '../support/rest.ts';
import { createWorkerPrograms, type WorkerPrograms } from '../support/worker-program.ts';

const programs = createPrograms();
let database: TestDatabase;
let workers: WorkerPrograms;
let coordinator: CoordinatorProgram;

beforeAll(async () => {
  database = await createTestDatabase();
  workers = await createWorkerPrograms(programs);
  coordinator = await startCoordinatorProgram(programs, database.connectionString);
  workers.start(coordinator.grpc);
});
afterAll(async () => {
  await programs.killAll();
  await workers.remove();
  await database.drop();
});

const range = { min: -0.5, max: 1.5, step: 0.1 };

function sweepOn(dataset: string, search: Readonly<Record<string, unknown>>, maxParallel = 64) {
  const [task] = noopSpec().tasks;
  return noopSpec({
    tasks: [{ ...task, dataset }],
    search: { space: { alpha: range, beta: range }, seed: 3, ...search },
    limits: { maxParallel },
  });
}

async function runToEnd(spec: unknown): Promise<SweepAnswer> {
  const { id } = await submit(coordinator.http, spec);
  return eventually(
    async () => {
      const sweep = await getSweep(coordinator.http, id);
      expect(sweep.state).toBe('COMPLETED');
      return sweep;
    },
    { timeoutMs: 60_000 },
  );
}

test('a search on another dataset starts from a finished one, says what it counts for, and is reproduced', async () => {
  const early = await submit(coordinator.http, sweepOn('cifar10', { method: 'gp', points: 1, transfer: 'auto' }));
  expect(early.warnings).toEqual(['cifar10, abkd: search.transfer is auto, but no finished task is like it']);
  const first = await runToEnd(sweepOn('mnist', { method: 'sobol', points: 24 }));
  // Points that are compared on another part are not alike.
  await runToEnd({ ...sweepOn('mnist', { method: 'sobol', points: 6 }), selectOn: 'test' });
  const sweep = await runToEnd(sweepOn('cifar10', { method: 'gp', points: 5, transfer: 'auto' }, 1));
  const task = sweep.tasks[0]!;
  const source = { sweepId: first.id, taskId: first.tasks[0]!.id, dataset: 'mnist', objective: 'abkd' };
  const { state, own, sources } = task.search!.transfer!;
  expect({ state, sources }).toEqual({ state: 'ON', sources: [{ ...source, weight: expect.any(Number) }] });
  expect(own! + sources[0]!.weight!).toBeCloseTo(1);

  const api = `${coordinator.http}/api/v1/sweeps/${sweep.id}`;
  const kept = await get<Page<TaskSources>>(`${api}/sources`);
  expect(kept).toMatchObject({ items: [{ taskId: task.id, sources: [source] }], next: null });
  expect(kept.items[0]!.sources[0]!.points).toHaveLength(24);
  const { items } = await get<Page<PointAnswer>>(`${api}/points`);
  const steps = await get<Page<StepAnswer>>(`${api}/steps`);
  const traces = steps.items.flatMap(({ record }) => record.points.map(({ trace }) => trace));
  expect(traces.map((trace) => trace?.transfer !== undefined)).toEqual(items.map(() => true));
  // The surface has its optimum at (0.6, 0.3): the first point is where the finished search would look next.
  const { alpha, beta } = items[0]!.params;
  expect(Math.hypot(alpha! - 0.6, beta! - 0.3)).toBeLessThan(0.4);

  const env = { ABKD_URL: coordinator.http };
  const replay = await runCli(['replay', sweep.id], { env });
  expect(replay).toMatchObject({ code: 0, stdout: expect.stringContaining('cifar10 abkd: 5 of 5 suggestions, ') });
  const status = await runCli(['status', sweep.id], { env });
  expect(status.stdout).toMatch(/cifar10 abkd: transfer: mnist abkd 0\.\d\d, own 0\.\d\d/);

  const { id } = await submit(coordinator.http, sweepOn('eurosat', { method: 'gp', points: 2 }));
  expect((await getSweep(coordinator.http, id)).tasks[0]!.search).toMatchObject({ transfer: null });
});
