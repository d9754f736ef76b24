/** Early stopping through a real coordinator and workers: points pause at rungs, go on elsewhere, or stop. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SummaryAnswer } from '../../core/api/summary.ts';
import type { SweepAnswer } from '../../core/api/sweep.ts';
import type { MeasurementsAnswer, TrialDetail } from '../../core/api/trial.ts';
import { runCli } from '../support/cli.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { type CoordinatorProgram, getSweep, getTrials, makeFolder, startCoordinatorProgram } from '../support/fleet.ts';
import { findViolations, readHistory } from '../support/history.ts';
import { createPrograms } from '../support/processes.ts';
import { get, noopSpec, submit } from '../support/rest.ts';

const soon = { timeoutMs: 60_000 };
const programs = createPrograms();
let database: TestDatabase;
let folder: Awaited<ReturnType<typeof makeFolder>>;
let coordinator: CoordinatorProgram;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await makeFolder();
  coordinator = await startCoordinatorProgram(programs, database.connectionString, {
    ABKD_ARTIFACTS: join(folder.path, 'artifacts'),
  });
  for (const name of ['one', 'two']) startHost(name);
});
afterAll(async () => {
  await programs.killAll();
  await folder.remove();
  await database.drop();
});

/** A worker on a host of its own. */
const startHost = (name: string) =>
  programs.start('cli/main.js', ['worker', '--coordinator', coordinator.grpc], {
    ABKD_WORKER_NAME: name,
    ABKD_HOME: join(folder.path, name),
    ABKD_DATA_DIR: join(folder.path, 'data'),
    ABKD_BACKEND: 'wasm',
  });

const untilCompleted = (id: string): Promise<SweepAnswer> =>
  eventually(async () => {
    const sweep = await getSweep(coordinator.http, id);
    expect(sweep.state).toBe('COMPLETED');
    return sweep;
  }, soon);

const noop = { kind: 'noop', durationMs: 45, steps: 9 };
const ofStates = (trials: readonly TrialDetail[], ...states: readonly string[]) =>
  trials.filter(({ state }) => states.includes(state));

it('of nine points under two seeds three pass the first rung and one the second, landmarks aside', async () => {
  const { id, plannedTrials } = await submit(
    coordinator.http,
    noopSpec({
      search: {
        space: { alpha: { values: [0, 0.2, 0.4, 0.6, 0.8, 1, 1.1, 1.2, 1.3] }, beta: { values: [0.3] } },
        include: ['rkl'],
      },
      replicates: 2,
      earlyStop: { method: 'successiveHalving', minEpochs: 1, reduction: 3 },
      run: noop,
    }),
  );
  expect(plannedTrials).toBe(20);
  const sweep = await untilCompleted(id);
  expect(sweep.trials).toMatchObject({ SUCCEEDED: 4, PRUNED: 16, WAITING: 0, QUEUED: 0, FAILED: 0 });
  expect(findViolations(await readHistory(database.connectionString, id))).toEqual([]);
  const trials = await getTrials(coordinator.http, id);
  // The surface has its top at alpha 0.6.
  expect(new Set(ofStates(trials, 'SUCCEEDED').map(({ cell }) => cell))).toEqual(
    new Set(['alpha=0,beta=1', 'alpha=0.6,beta=0.3']),
  );
  const stoppedAt = (rung: number) => trials.filter((trial) => trial.state === 'PRUNED' && trial.rung === rung).length;
  expect([stoppedAt(1), stoppedAt(3)]).toEqual([12, 4]);
  expect(
    ofStates(trials, 'SUCCEEDED')
      .map(({ cell, attempts }) => `${cell} ${attempts}`)
      .sort(),
  ).toEqual([...['alpha=0,beta=1 1', 'alpha=0,beta=1 1', 'alpha=0.6,beta=0.3 3', 'alpha=0.6,beta=0.3 3']]);
  const { groups } = await get<SummaryAnswer>(`${coordinator.http}/api/v1/summary?sweep=${id}`);
  expect(groups[0]).toMatchObject({ best: { params: { alpha: 0.6 }, selection: { n: 2 } }, runnersUp: [] });
  expect(groups[0]!.notes).toContain('8 points stopped early: 6 at epoch 1, 2 at epoch 3');
  // What each trial did, epoch by epoch, over all its attempts.
  for (const { id: trialId, rung, state } of trials) {
    const { measurements } = await get<MeasurementsAnswer>(`${coordinator.http}/api/v1/trials/${trialId}/measurements`);
    const last = state === 'PRUNED' ? rung! : 9;
    expect(measurements.map(({ step }) => step)).toEqual(Array.from({ length: last }, (_, step) => step + 1));
  }
});

it('a search by results goes on while points wait, and every suggestion is reproduced', async () => {
  const axis = { min: 0, max: 1, step: 0.1 };
  const { id } = await submit(
    coordinator.http,
    noopSpec({
      search: { method: 'gp', space: { alpha: axis, beta: axis }, points: 8, include: ['fkl'], seed: 3 },
      earlyStop: { method: 'asha', minEpochs: 1, reduction: 3 },
      run: noop,
    }),
  );
  const sweep = await untilCompleted(id);
  expect(sweep.tasks[0]).toMatchObject({ points: 9, search: { state: 'FINISHED', suggested: 8 } });
  expect(findViolations(await readHistory(database.connectionString, id))).toEqual([]);
  expect(sweep.trials.SUCCEEDED).toBeGreaterThanOrEqual(2);
  expect(sweep.trials.SUCCEEDED + sweep.trials.PRUNED).toBe(9);
  const replay = await runCli(['replay', id.slice(0, 8)], { env: { ABKD_URL: coordinator.http } });
  expect(replay).toMatchObject({ code: 0, stdout: expect.stringContaining('mnist abkd: 8 of 8 suggestions, ') });
});

it('a trial that paused and went on elsewhere gives the same bits as one that was trained in one go', async () => {
  const spec = {
    name: 'stopped early',
    tasks: [
      {
        ...{ dataset: 'mnist', student: { model: 'cnn-s' } },
        teacher: { model: 'cnn-m', train: { epochs: 1, limitTrain: 100 } },
      },
    ],
    search: { space: { alpha: { values: [0.2, 0.5, 1] }, beta: { values: [0.5] } }, seed: 3 },
    training: { epochs: 4, batchSize: 16, limitTrain: 32, limitVal: 16, limitTest: 16 },
  };
  const [whole, halved] = await Promise.all([
    submit(coordinator.http, spec),
    submit(coordinator.http, { ...spec, earlyStop: { method: 'asha', minEpochs: 1, reduction: 3 } }),
  ]);
  await Promise.all([untilCompleted(whole.id), untilCompleted(halved.id)]);
  expect(findViolations(await readHistory(database.connectionString, halved.id))).toEqual([]);
  const [expected, trials] = await Promise.all([whole, halved].map(({ id }) => getTrials(coordinator.http, id)));
  const survivors = ofStates(trials!, 'SUCCEEDED');
  expect(survivors).not.toEqual([]);
  expect(ofStates(trials!, 'PRUNED').length + survivors.length).toBe(3);
  for (const trial of survivors) {
    const same = expected!.find(({ cell }) => cell === trial.cell)!;
    expect(trial.history.map(({ resumedFrom }) => resumedFrom)).toEqual([null, 1, 3]);
    expect([trial.selectionValue, trial.testValue]).toEqual([same.selectionValue, same.testValue]);
    expect(await curveOf(trial)).toEqual(await curveOf(same));
  }
});

async function curveOf({ id }: TrialDetail) {
  const { measurements } = await get<MeasurementsAnswer>(`${coordinator.http}/api/v1/trials/${id}/measurements`);
  return measurements.map(({ step, values: { epochSeconds: _, ...values } }) => ({ step, values }));
}
