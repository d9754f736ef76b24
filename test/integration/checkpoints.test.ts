/** Trials that go on elsewhere: real workers with homes of their own, as on different hosts, killed and drained. */
import { appendFile, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { MeasurementsAnswer, TrialDetail } from '../../core/api/trial.ts';
import { CheckpointServiceClient } from '../../proto/gen/abkd/v1/worker.ts';
import { uploadFile } from '../../worker/file-streams.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import {
  type CoordinatorProgram,
  cancelSweep,
  getTrials,
  makeFolder,
  startCoordinatorProgram,
} from '../support/fleet.ts';
import { assertEveryTrialCountedOnce } from '../support/history.ts';
import { createPrograms } from '../support/processes.ts';
import { get, submit } from '../support/rest.ts';

const soon = { timeoutMs: 60_000 };
const programs = createPrograms();
const coordinatorPrograms = createPrograms();
let database: TestDatabase;
let folder: Awaited<ReturnType<typeof makeFolder>>;
let coordinator: CoordinatorProgram;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await makeFolder();
  coordinator = await startCoordinatorProgram(coordinatorPrograms, database.connectionString, {
    ABKD_ARTIFACTS: join(folder.path, 'artifacts'),
  });
});
afterEach(() => programs.killAll());
afterAll(async () => {
  await coordinatorPrograms.killAll();
  await folder.remove();
  await database.drop();
});

/** A worker on a host of its own. */
const startHost = (name: string, env: Readonly<Record<string, string>> = {}) =>
  programs.start('cli/main.js', ['worker', '--coordinator', coordinator.grpc], {
    ABKD_WORKER_NAME: name,
    ABKD_HOME: join(folder.path, name),
    ABKD_DATA_DIR: join(folder.path, 'data'),
    ABKD_BACKEND: 'wasm',
    ABKD_CHECKPOINT_SECONDS: '0',
    ...env,
  });

/** One trial whose student has batch norm, under momentum. */
const specOf = (epochs: number) => ({
  name: 'interrupted',
  tasks: [
    {
      ...{ dataset: 'mnist', student: { model: 'resnet8' } },
      teacher: { model: 'cnn-m', train: { epochs: 1, limitTrain: 100 } },
    },
  ],
  objectives: [{ kind: 'abkd' }],
  search: { space: { alpha: { values: [0.5] }, beta: { values: [0.5] } }, seed: 3 },
  training: { epochs, batchSize: 16, limitTrain: 64, limitVal: 32, limitTest: 32 },
  checkpoint: 'best',
});

const trialOf = async (sweepId: string): Promise<TrialDetail> => (await getTrials(coordinator.http, sweepId))[0]!;

const untilState = (sweepId: string, state: string) =>
  eventually(async () => {
    const trial = await trialOf(sweepId);
    expect(trial.state).toBe(state);
    return trial;
  }, soon);

async function curveOf({ id }: TrialDetail) {
  const { measurements } = await get<MeasurementsAnswer>(`${coordinator.http}/api/v1/trials/${id}/measurements`);
  return measurements.map(({ step, values: { epochSeconds: _, ...values } }) => ({ step, values }));
}

async function checkpointFiles(): Promise<readonly string[]> {
  const root = join(folder.path, 'artifacts/checkpoints');
  const names = await readdir(root, { recursive: true });
  return names.filter((name) => basename(name).length === 64).map((name) => join(root, name));
}

describe('a trial whose worker is killed', () => {
  it('goes on from its last checkpoint on another host, to the same values bit for bit', async () => {
    const doomed = startHost('doomed');
    const undisturbed = await submit(coordinator.http, specOf(4));
    const expected = await untilState(undisturbed.id, 'SUCCEEDED');
    const { id } = await submit(coordinator.http, specOf(4));
    await doomed.line(new RegExp(`${(await trialOf(id)).id}.*"step":1,.*checkpoint saved`));
    doomed.kill('SIGKILL');
    startHost('heir');
    const trial = await untilState(id, 'SUCCEEDED');
    await assertEveryTrialCountedOnce(database.connectionString, id);
    expect(trial.history.map(({ state, workerName }) => [state, workerName])).toEqual([
      ['LOST', 'doomed'],
      ['SUCCEEDED', 'heir'],
    ]);
    expect(trial.history[1]?.resumedFrom).toBeGreaterThanOrEqual(1);
    expect(trial.seed).toBe(expected.seed);
    expect([trial.selectionValue, trial.testValue]).toEqual([expected.selectionValue, expected.testValue]);
    const curve = await curveOf(trial);
    expect(curve.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(curve).toEqual(await curveOf(expected));
    await eventually(async () => expect(await checkpointFiles()).toEqual([]), soon);
  });
});

describe('a trial whose worker leaves', () => {
  it('goes on from its last epoch, and from the start where the checkpoint is damaged; stale states are refused', async () => {
    // Never because of the time: what is there was handed over on leaving.
    const leaver = startHost('leaver', { ABKD_CHECKPOINT_SECONDS: '3600' });
    const { id } = await submit(coordinator.http, specOf(200));
    await eventually(async () => expect(await curveOf(await trialOf(id))).not.toHaveLength(0), soon);
    // Epochs that end within a second of each other are not all kept.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const steps = (await curveOf(await trialOf(id))).length;
    await eventually(async () => expect((await curveOf(await trialOf(id))).length).toBeGreaterThan(steps), soon);
    expect(await checkpointFiles()).toEqual([]);
    leaver.kill('SIGTERM');
    expect(await leaver.ended).toEqual({ code: 0, signal: null });
    expect((await trialOf(id)).state).toBe('QUEUED');
    const [file, ...others] = await checkpointFiles();
    expect(others).toEqual([]);

    await appendFile(file!, 'x');
    const restarter = startHost('restarter');
    await restarter.line(/checkpoint not fetched/);
    await restarter.line(/"step":1.*checkpoint saved/);
    const restarted = await untilState(id, 'RUNNING');
    expect(restarted.history[1]?.resumedFrom).toBeNull();
    expect(await saveStale({ trialId: restarted.id, attempt: 1 })).toMatchObject({
      code: 'LEASE_LOST',
      message: expect.stringMatching(/attempt 1 does not own the trial/),
    });

    restarter.kill('SIGTERM');
    await restarter.ended;
    startHost('heir');
    await eventually(async () => expect((await trialOf(id)).history[2]?.resumedFrom).toBeGreaterThanOrEqual(1), soon);
    await cancelSweep(coordinator.http, id);
    await untilState(id, 'CANCELLED');
    await eventually(async () => expect(await checkpointFiles()).toEqual([]), soon);
  });
});

/** What comes of saving for an attempt that is over. */
async function saveStale(attempt: { readonly trialId: string; readonly attempt: number }) {
  const path = join(folder.path, 'stale');
  await writeFile(path, 'x');
  const client = new CheckpointServiceClient(coordinator.grpc, credentials.createInsecure());
  const header = { attempt, checkpoint: { step: 9, sha256: 'a'.repeat(64), sizeBytes: 1 } };
  try {
    return await uploadFile('save', (done) => client.saveCheckpoint(done), header, path).catch((error: Error) => error);
  } finally {
    client.close();
  }
}
