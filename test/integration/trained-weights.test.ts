/** Trained weights from the data folder of a real worker, through a real coordinator, to another host. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStore } from '../../coordinator/store/prisma-store.ts';
import type { Store } from '../../coordinator/store/store.ts';
import type { TrialDetail } from '../../core/api/trial.ts';
import type { TaskDefinition } from '../../core/task.ts';
import { isFinalTrialState } from '../../core/trial.ts';
import { createClassifier } from '../../worker/models/registry.ts';
import { initBackend } from '../../worker/tf/backend.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { writeInto } from '../support/datasets.ts';
import { eventually } from '../support/eventually.ts';
import { type CoordinatorProgram, getTrials, makeFolder, startCoordinatorProgram } from '../support/fleet.ts';
import { hashedStateDict } from '../support/hashed-weights.ts';
import { makePlan } from '../support/plans.ts';
import { createPrograms } from '../support/processes.ts';
import { legacyFile, op, orderedDict, tuple } from '../support/torch-pickle.ts';
import { torchStateFile } from '../support/torch-state-file.ts';
import { createWorkerPrograms, type WorkerPrograms } from '../support/worker-program.ts';

const coordinatorPrograms = createPrograms();
const workerPrograms = createPrograms();
let database: TestDatabase;
let folder: Awaited<ReturnType<typeof makeFolder>>;
let workers: WorkerPrograms;
let coordinator: CoordinatorProgram;
let store: Store;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await makeFolder();
  workers = await createWorkerPrograms(workerPrograms);
  const artifacts = join(folder.path, 'artifacts');
  coordinator = await startCoordinatorProgram(coordinatorPrograms, database.connectionString, {
    ABKD_ARTIFACTS: artifacts,
  });
  store = openStore({ connectionString: database.connectionString });
  await writeWeights();
});
afterAll(async () => {
  await workerPrograms.killAll();
  await coordinatorPrograms.killAll();
  await store.close();
  await workers.remove();
  await folder.remove();
  await database.drop();
});

/** What the host `with` has in its data folder. */
async function writeWeights(): Promise<void> {
  await initBackend('cpu');
  const model = createClassifier('cnn-s', { imageSize: 28, channels: 1, classes: 10 }, 1);
  const state = new Map(hashedStateDict(model));
  model.dispose();
  const put = (name: string, bytes: Uint8Array) => writeInto(join(folder.path, 'with', 'data', name), bytes);
  await put('good.pth', torchStateFile(state));
  const data = state.get('conv2.bias')!.data!.map((value, index) => (index === 3 ? Number.NaN : value));
  await put('not-finite.pth', torchStateFile(state.set('conv2.bias', { ...state.get('conv2.bias')!, data })));
  const call = [...op.global('os', 'system'), ...tuple(op.text('touch owned')), ...op.reduce];
  await put('malicious.pth', legacyFile(orderedDict([op.text('conv1.weight'), call]), {}));
}

async function startHost(name: string): Promise<void> {
  await workerPrograms.killAll();
  const at = (part: string) => join(folder.path, name, part);
  workers.start(coordinator.grpc, { ABKD_WORKER_NAME: name, ABKD_HOME: at('home'), ABKD_DATA_DIR: at('data') });
}

/** The one trial of a sweep over a few digits that may be tried again twice, once it is final. */
async function trialOf(change: Partial<Pick<TaskDefinition, 'teacher' | 'student'>>): Promise<TrialDetail> {
  const plan = makePlan({ points: 1, retries: 2 });
  const [task] = plan.tasks;
  const { training, ...rest } = task!.definition;
  const small = { ...training, limitTrain: 32, limitVal: 20, limitTest: 20 };
  const sweep = await store.createSweep({
    ...plan,
    tasks: [{ ...task!, definition: { ...rest, training: small, ...change } }],
  });
  return eventually(
    async () => {
      const [trial] = await getTrials(coordinator.http, sweep.id);
      expect(isFinalTrialState(trial!.state)).toBe(true);
      return trial!;
    },
    { timeoutMs: 60_000 },
  );
}

it('weights go from the host that has them to another by their hash, as teacher and as student', async () => {
  await startHost('with');
  const first = await trialOf({ teacher: { model: 'cnn-s', weights: 'good.pth' } });
  expect(first).toMatchObject({ state: 'SUCCEEDED', teacherSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });

  await startHost('without');
  const weights = `artifact:sha256:${first.teacherSha256}`;
  const second = await trialOf({ teacher: { model: 'cnn-s', weights }, student: { model: 'cnn-s', weights } });
  expect(second).toMatchObject({ state: 'SUCCEEDED', teacherSha256: first.teacherSha256 });

  const unknown = `artifact:sha256:${'0'.repeat(64)}`;
  const third = await trialOf({ teacher: { model: 'cnn-s', weights: unknown } });
  expect(third).toMatchObject({ state: 'FAILED', attempts: 1, failure: { kind: 'MISSING_DATA' } });
  expect(third.failure?.message).toMatch(new RegExp(`Cannot find ${unknown}: the coordinator stores no content`));
});

it('weights that cannot be used end the trial, untried again, with file and tensor', async () => {
  await startHost('with');
  const malicious = await trialOf({ teacher: { model: 'cnn-s', weights: 'malicious.pth' } });
  const teacher = { model: 'cnn-s', weights: 'good.pth' };
  const notFinite = await trialOf({ teacher, student: { model: 'cnn-s', weights: 'not-finite.pth' } });
  for (const trial of [malicious, notFinite]) {
    expect(trial).toMatchObject({ state: 'FAILED', attempts: 1, failure: { kind: 'MISSING_DATA' } });
  }
  expect(malicious.failure?.message).toMatch(
    /with\/data\/malicious\.pth": byte \d+, in "conv1\.weight": global "os\.system"/,
  );
  expect(notFinite.failure?.message).toMatch(
    /with\/data\/not-finite\.pth".*"conv2\.bias" has the value NaN at index 3/,
  );
});
