/** What must survive: real workers and coordinators on a real database, killed and stopped at bad moments. */
import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TrialDetail } from '../../core/api/trial.ts';
import { createLogger } from '../../platform/logger.ts';
import { ArtifactServiceClient } from '../../proto/gen/abkd/v1/worker.ts';
import { openCacheFolder } from '../../worker/cache-folder.ts';
import { createSharedFiles } from '../../worker/shared-files.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import {
  type CoordinatorProgram,
  cancelSweep,
  countMeasurements,
  getSweep,
  getTrials,
  makeFolder,
  startCoordinatorProgram,
  submitNoop,
} from '../support/fleet.ts';
import { assertEveryTrialCountedOnce, findViolations, readHistory } from '../support/history.ts';
import { assertGone, createPrograms, findDescendants } from '../support/processes.ts';
import { createWorkerPrograms, type WorkerPrograms } from '../support/worker-program.ts';

const soon = { timeoutMs: 30_000 };
const coordinatorPrograms = createPrograms();
const workerPrograms = createPrograms();
let database: TestDatabase;
let folder: Awaited<ReturnType<typeof makeFolder>>;
let workers: WorkerPrograms;
let coordinator: CoordinatorProgram;

const startCoordinator = (env: Readonly<Record<string, string>> = {}) =>
  startCoordinatorProgram(coordinatorPrograms, database.connectionString, {
    ABKD_ARTIFACTS: join(folder.path, 'artifacts'),
    ...env,
  });

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await makeFolder();
  workers = await createWorkerPrograms(workerPrograms);
  coordinator = await startCoordinator();
});
afterEach(async () => {
  await workerPrograms.killAll();
  expect(findViolations(await readHistory(database.connectionString))).toEqual([]);
});
afterAll(async () => {
  await coordinatorPrograms.killAll();
  await workers.remove();
  await folder.remove();
  await database.drop();
});

const start = (name: string, env: Readonly<Record<string, string>> = {}) =>
  workers.start(coordinator.grpc, { ABKD_WORKER_NAME: name, ...env });

async function untilState(sweepId: string, state: string): Promise<readonly TrialDetail[]> {
  await eventually(async () => expect((await getSweep(coordinator.http, sweepId)).state).toBe(state), soon);
  return getTrials(coordinator.http, sweepId);
}

/** A trial of the sweep that this worker is in the middle of: it has reported once. */
function untilRunningOn(sweepId: string, workerName: string): Promise<TrialDetail> {
  return eventually(async () => {
    const trials = await getTrials(coordinator.http, sweepId);
    const running = trials.find(
      ({ state, history }) => state === 'RUNNING' && history.at(-1)?.workerName === workerName,
    );
    if (running === undefined) throw new Error(`${workerName} runs nothing`);
    expect(await countMeasurements(coordinator.http, running.id)).toBeGreaterThan(0);
    return running;
  }, soon);
}

const attemptStates = ({ history }: TrialDetail) => history.map(({ state }) => state);

describe('failures of trials', () => {
  it('each end as a named failure with its reason, and the slot takes the next trial', async () => {
    const expected = [
      ['exception', 'EXCEPTION', /told to throw\n.*noop\.[tj]s/],
      ['crash', 'CRASH', /exit code 70: The noop run was told to crash/],
      ['outOfMemory', 'OUT_OF_MEMORY', /heap out of memory/],
      ['nan', 'NAN_LOSS', /loss is NaN at step 2/],
      ['hang', 'STALLED', /no sign of life for 5000 ms/],
    ] as const;
    const worker = start('clumsy', { ABKD_STALL_SECONDS: '5', ABKD_SLOT_HEAP_MB: '64' });
    const submitted = [];
    for (const [failure] of expected) submitted.push(await submitNoop(coordinator.http, { run: { failure } }));
    const tooLong = await submitNoop(coordinator.http, {
      run: { durationMs: 60_000, steps: 600 },
      limits: { timeoutMinutes: 0.005 },
    });
    const good = await submitNoop(coordinator.http, {});
    for (const [index, [, kind, message]] of expected.entries()) {
      const [trial] = await untilState(submitted[index]!, 'FAILED');
      expect(trial).toMatchObject({ state: 'FAILED', failure: { kind, message: expect.stringMatching(message) } });
    }
    const [late] = await untilState(tooLong, 'FAILED');
    expect(late?.failure).toEqual({ kind: 'TIMEOUT', message: 'The trial ran longer than 300 ms' });
    const [last] = await untilState(good, 'COMPLETED');
    expect(last?.history.map(({ workerName }) => workerName)).toEqual(['clumsy']);
    await eventually(async () => expect(await findDescendants(worker.pid)).toHaveLength(1), soon);
  });

  it('are tried again as often as the sweep allows', async () => {
    start('patient');
    const sweepId = await submitNoop(coordinator.http, { run: { failure: 'exception' }, limits: { retries: 1 } });
    const [trial] = await untilState(sweepId, 'FAILED');
    expect(trial && attemptStates(trial)).toEqual(['FAILED', 'FAILED']);
  });
});

describe('a worker', () => {
  it('that is killed mid-trial loses nothing: another finishes its trial, and none is counted twice', async () => {
    const doomed = start('doomed');
    const sweepId = await submitNoop(coordinator.http, { cells: 4, run: { durationMs: 800, steps: 4 } });
    const orphan = await untilRunningOn(sweepId, 'doomed');
    const children = await findDescendants(doomed.pid);
    start('heir');
    doomed.kill('SIGKILL');
    await eventually(() => assertGone([doomed.pid, ...children]), soon);
    const trials = await untilState(sweepId, 'COMPLETED');
    await assertEveryTrialCountedOnce(database.connectionString, sweepId);
    const finished = trials.find(({ id }) => id === orphan.id);
    expect(finished && attemptStates(finished)).toEqual(['LOST', 'SUCCEEDED']);
    expect(finished?.history.map(({ workerName }) => workerName)).toEqual(['doomed', 'heir']);
  });

  it('that was frozen past its lease has its late result refused and kept for audit', async () => {
    const frozen = start('frozen');
    const sweepId = await submitNoop(coordinator.http, { run: { durationMs: 1500, steps: 5 } });
    const trial = await untilRunningOn(sweepId, 'frozen');
    frozen.kill('SIGSTOP');
    start('awake');
    await untilState(sweepId, 'COMPLETED');
    frozen.kill('SIGCONT');
    const history = await eventually(async () => {
      const [found] = await getTrials(coordinator.http, sweepId);
      expect(found && attemptStates(found)).toEqual(['REFUSED', 'SUCCEEDED']);
      return readHistory(database.connectionString, sweepId);
    }, soon);
    expect(history.attempts[0]).toMatchObject({ trial_id: trial.id, number: 1, outcome: { kind: 'success' } });
    await assertEveryTrialCountedOnce(database.connectionString, sweepId);
  });

  it('that is told to leave gives its trial back at once', async () => {
    const leaver = start('leaver');
    const sweepId = await submitNoop(coordinator.http, { run: { durationMs: 1500, steps: 15 } });
    await untilRunningOn(sweepId, 'leaver');
    leaver.kill('SIGTERM');
    expect(await leaver.ended).toEqual({ code: 0, signal: null });
    const [trial] = await getTrials(coordinator.http, sweepId);
    expect(trial).toMatchObject({ state: 'QUEUED', failure: null });
    start('heir');
    await untilState(sweepId, 'COMPLETED');
    await assertEveryTrialCountedOnce(database.connectionString, sweepId);
  });

  it('stops a running trial when its sweep is cancelled, and takes the next', async () => {
    const worker = start('obedient');
    const cancelled = await submitNoop(coordinator.http, { cells: 2, run: { durationMs: 600_000, steps: 6_000 } });
    await untilRunningOn(cancelled, 'obedient');
    await cancelSweep(coordinator.http, cancelled);
    const next = await submitNoop(coordinator.http, {});
    await untilState(next, 'COMPLETED');
    const trials = await getTrials(coordinator.http, cancelled);
    expect(trials.map(({ state }) => state)).toEqual(['CANCELLED', 'CANCELLED']);
    expect(trials.map(attemptStates)).toEqual([['CANCELLED'], []]);
    expect(worker.output.join('\n')).toMatch(/"outcome":"stopped"/);
  });
});

describe('a coordinator', () => {
  it('that is killed and started again finds its workers still at their trials, which are not restarted', async () => {
    start('steady-1');
    start('steady-2');
    const sweepId = await submitNoop(coordinator.http, { cells: 2, run: { durationMs: 2500, steps: 25 } });
    await Promise.all([untilRunningOn(sweepId, 'steady-1'), untilRunningOn(sweepId, 'steady-2')]);
    const portOf = (address: string) => address.split(':').at(-1)!;
    coordinator.program.kill('SIGKILL');
    await coordinator.program.ended;
    const ports = { ABKD_HTTP_PORT: portOf(coordinator.http), ABKD_GRPC_PORT: portOf(coordinator.grpc) };
    // It waits one lease before it declares anything lost: workers dial again within 5 s, a busy machine is slower.
    coordinator = await startCoordinator({ ...ports, ABKD_LEASE_SECONDS: '12' });
    const trials = await untilState(sweepId, 'COMPLETED');
    expect(trials.map(attemptStates)).toEqual(trials.map(() => ['SUCCEEDED']));
    await assertEveryTrialCountedOnce(database.connectionString, sweepId);
  });
});

describe('files shared by all hosts', () => {
  /** A host of its own: another cache folder, another worker. */
  async function openHost(name: string, client: ArtifactServiceClient) {
    const cache = await openCacheFolder(join(folder.path, name), null);
    const log = createLogger('test', { level: 'silent' });
    return createSharedFiles({ cache, workerId: randomUUID(), artifacts: () => client, log });
  }

  it('are built by one host and fetched by the others; a build that fails is left to the next', async () => {
    const client = new ArtifactServiceClient(coordinator.grpc, credentials.createInsecure());
    const never = new AbortController().signal;
    try {
      const [first, second, third] = await Promise.all(['h1', 'h2', 'h3'].map((name) => openHost(name, client)));
      const request = { scope: 'artifact', key: 'teacher:5eed', expectedBytes: 0 } as const;
      const content = Buffer.alloc(3_000_000, 'weights');
      const fail = () => Promise.reject(new Error('no data here'));
      await expect(first?.(request, fail, never)).rejects.toThrow('no data here');
      const builders: string[] = [];
      const buildOn = (name: string) => async (path: string) => {
        builders.push(name);
        await writeFile(path, content);
        return { accuracy: 98.5 };
      };
      const files = await Promise.all([
        second?.(request, buildOn('h2'), never),
        third?.(request, buildOn('h3'), never),
      ]);
      files.push(await first?.(request, buildOn('h1'), never));
      expect(builders).toHaveLength(1);
      for (const file of files) {
        expect(file?.metadata).toEqual({ accuracy: 98.5 });
        expect((await readFile(file!.path)).equals(content)).toBe(true);
      }
      expect(new Set(files.map((file) => file?.sha256)).size).toBe(1);
      expect(new Set(files.map((file) => file?.path)).size).toBe(3);
    } finally {
      client.close();
    }
  });
});

describe('the history checker', () => {
  it.each([
    [`UPDATE attempts SET state = 'SUCCEEDED'`, /only the latest attempt is accepted/],
    [`UPDATE trials SET selection_value = selection_value + 1`, /the value is that of the accepted attempt/],
    [`UPDATE trials SET attempt = attempt + 1`, /the trial counts its/],
    [`UPDATE trials SET state = 'RUNNING'`, /only a running trial has an active attempt/],
  ])('sees what "%s" does', async (sql, violation) => {
    const client = new pg.Client({ connectionString: database.connectionString });
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query(sql);
      expect(findViolations(await readHistory(client)).join('\n')).toMatch(violation);
    } finally {
      await client.query('ROLLBACK');
      await client.end();
    }
  });
});
