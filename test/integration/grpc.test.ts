/** The gRPC side of a coordinator on a real database, spoken to by a worker and programs that tests script. */
import { createHash, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { protoPath as healthProtoPath } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningCoordinator } from '../../coordinator/coordinator.ts';
import type { WorkerAnswer } from '../../core/api/fleet.ts';
import type { SummaryAnswer } from '../../core/api/summary.ts';
import type { SweepAnswer } from '../../core/api/sweep.ts';
import type { TrialDetail } from '../../core/api/trial.ts';
import { lossKernelId } from '../../core/kernel.ts';
import { helloToWire } from '../../proto/codec/hello.ts';
import { SweepAction, SweepServiceClient } from '../../proto/gen/abkd/v1/sweep.ts';
import {
  ArtifactServiceClient,
  type ClaimResponse,
  type UploadRequest,
  type UploadResponse,
} from '../../proto/gen/abkd/v1/worker.ts';
import { createTestCoordinators, type TestCoordinators } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { get, noopSpec, submit } from '../support/rest.ts';
import { attachScriptedWorker, exactProof, keyOf, success, workerHello } from '../support/scripted-worker.ts';

const reflectionProtoPath = createRequire(import.meta.url).resolve(
  '@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto',
);
const soon = { timeoutMs: 15_000 };
let database: TestDatabase;
let coordinators: TestCoordinators;
let coordinator: RunningCoordinator;

beforeAll(async () => {
  database = await createTestDatabase();
  coordinators = await createTestCoordinators(database.connectionString);
  coordinator = await coordinators.start();
});
afterAll(async () => {
  await coordinators.stopAll();
  await database.drop();
});

const space = { alpha: { values: [0.2, 0.8] }, beta: { values: [0.5] } };
const attach = (...rest: Parameters<typeof attachScriptedWorker> extends [string, ...infer Rest] ? Rest : never) =>
  attachScriptedWorker(coordinator.grpcAddress, ...rest);
const sweepOf = (id: string) => get<SweepAnswer>(`${coordinator.httpUrl}/api/v1/sweeps/${id}`);
const trialOf = (id: string) => get<TrialDetail>(`${coordinator.httpUrl}/api/v1/trials/${id}`);

type Done<Value> = (error: ServiceError | null, value: Value) => void;

function answer<Value>(start: (done: Done<Value>) => unknown): Promise<Value> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error === null ? resolve(value) : reject(error)));
  });
}

function failure(start: (done: Done<unknown>) => unknown): Promise<ServiceError> {
  return new Promise((resolve, reject) => {
    start((error) => (error === null ? reject(new Error('expected a refusal')) : resolve(error)));
  });
}

describe('a worker', () => {
  it('is welcomed, runs what it is given, and its values are the summary', async () => {
    const created = await submit(coordinator.httpUrl, noopSpec({ search: { space }, replicates: 2 }));
    expect(created.plannedTrials).toBe(4);
    const worker = attach();
    const welcome = await worker.take('welcome');
    expect(welcome).toMatchObject({ leaseMs: 30_000, renewMs: 10_000, held: [] });
    worker.ready(4);
    const selectionOf = (alpha: number, replicate: number) => 50 + 10 * alpha + replicate;
    for (let n = 0; n < 4; n++) {
      const assign = await worker.take('assign');
      const key = keyOf(assign);
      worker.send({
        $case: 'measurements',
        value: {
          sequence: 100 + n,
          attempt: assign.attempt,
          measurements: [{ step: 1, values: { loss: 0.5, bad: Number.NaN } }],
        },
      });
      worker.report(key, success(selectionOf(assign.params.alpha!, assign.replicate), 40));
    }
    for (let n = 0; n < 8; n++) expect((await worker.take('ack')).accepted).toBe(true);
    await eventually(async () => expect((await sweepOf(created.id)).state).toBe('COMPLETED'), soon);

    const { groups } = await get<SummaryAnswer>(`${coordinator.httpUrl}${created.links.summary}`);
    expect(groups).toHaveLength(1);
    const best = groups[0]!.best!;
    expect(best.params).toMatchObject({ alpha: 0.8, beta: 0.5 });
    expect(best.selection).toMatchObject({ n: 2, mean: 58.5, sd: Math.SQRT1_2, se: 0.5 });
    expect(best.test).toMatchObject({ n: 2, mean: 40 });
    const answer = await sweepOf(created.id);
    expect(answer.tasks[0]!.best!.selection.mean).toBe(58.5);
    expect(answer.trials.SUCCEEDED).toBe(4);
    worker.drop();
  });

  it('finds its measurements again, not-a-number as null', async () => {
    const created = await submit(coordinator.httpUrl, noopSpec({ search: { space } }));
    const worker = attach();
    worker.ready(1);
    const assign = await worker.take('assign');
    const measurements = [
      { step: 1, values: { loss: 2 } },
      { step: 2, values: { loss: Number.NaN, selection: 12.5 } },
    ];
    worker.send({ $case: 'measurements', value: { sequence: 1, attempt: assign.attempt, measurements } });
    // The same message again, as after a reconnection.
    worker.send({ $case: 'measurements', value: { sequence: 1, attempt: assign.attempt, measurements } });
    await worker.take('ack');
    await worker.take('ack');
    const url = `${coordinator.httpUrl}/api/v1/trials/${keyOf(assign).trialId}/measurements`;
    expect(await get(url)).toMatchObject({
      attempt: 1,
      measurements: [
        { step: 1, values: { loss: 2 } },
        { step: 2, values: { loss: null, selection: 12.5 } },
      ],
    });
    worker.report(keyOf(assign), { kind: 'stopped', requeue: true });
    await worker.take('ack');
    worker.drop();
    await fetch(`${coordinator.httpUrl}${created.links.cancel}`, { method: 'POST' });
  });

  it('never gets more trials than it has slots, also when its readiness crosses an assignment', async () => {
    const created = await submit(coordinator.httpUrl, noopSpec({ replicates: 3 }));
    const worker = attach(workerHello({ slots: 2 }));
    await worker.take('welcome');
    worker.ready(2);
    const first = await worker.take('assign');
    await worker.take('assign');
    // As if sent before the assignments had come.
    worker.ready(2);
    worker.send({ $case: 'renew', value: { attempts: [] } });
    await worker.take('wanted');
    worker.report(keyOf(first), success(1));
    worker.ready(1);
    await worker.take('assign');
    expect(worker.pending('assign')).toBe(0);
    expect((await sweepOf(created.id)).trials.RUNNING).toBe(2);
    worker.drop();
    await fetch(`${coordinator.httpUrl}${created.links.cancel}`, { method: 'POST' });
  });

  it('that reports a value which is no number has its trial failed, not the report repeated for ever', async () => {
    const oneCell = { alpha: { values: [0.2] }, beta: { values: [0.5] } };
    await submit(coordinator.httpUrl, noopSpec({ search: { space: oneCell }, limits: { retries: 0 } }));
    const worker = attach();
    worker.ready(1);
    const assign = await worker.take('assign');
    worker.report(keyOf(assign), success(Number.NaN));
    expect(await worker.take('ack')).toMatchObject({ accepted: true });
    const { failure, state } = await trialOf(keyOf(assign).trialId);
    expect(state).toBe('FAILED');
    expect(failure!.message).toContain('selectionValue is NaN');
    worker.drop();
  });

  it('with another protocol version is refused with both versions', async () => {
    const refused = attach(workerHello(), { hello: { protocolVersion: 999 } });
    expect(await refused.ended).toEqual({
      code: status.FAILED_PRECONDITION,
      details: expect.stringMatching(/protocol 999 \(version 0\.0\.0-test\), expected protocol 1 \(version/),
    });
  });

  it.each([
    ['another kernel', { ...exactProof, kernelId: 'ab-0' }, /its loss kernel is "ab-0", expected "ab-1"/],
    [
      'a wrong divergence',
      { ...exactProof, divergences: exactProof.divergences.map((value, k) => (k === 3 ? value + 0.01 : value)) },
      /its divergence at alpha=.* is .*, expected/,
    ],
    ['no proof', { kernelId: lossKernelId, divergences: [], gradients: [] }, /has 0 divergences/],
  ])('with %s is refused, saying what differs', async (_title, kernelProof, message) => {
    const worker = workerHello({ name: 'cheat' });
    const refused = attach(worker, { hello: { kernelProof } });
    const { code, details } = await refused.ended;
    expect(code).toBe(status.FAILED_PRECONDITION);
    expect(details).toMatch(message);
    const { items } = await get<{ items: WorkerAnswer[] }>(`${coordinator.httpUrl}/api/v1/workers`);
    expect(items.map(({ id }) => id)).not.toContain(worker.id);
  });

  it.each([
    ['an id that is no UUID', { workerId: 'me' }],
    ['no slot', { slots: 0 }],
    ['a name that no database holds', { name: 'a\0b' }],
  ])('with %s is refused', async (_title, hello) => {
    expect((await attach(workerHello(), { hello }).ended).code).toBe(status.INVALID_ARGUMENT);
  });

  it('that says hello twice is sent away', async () => {
    const worker = attach();
    await worker.take('welcome');
    worker.send({ $case: 'hello', value: helloToWire(workerHello(), exactProof, []) });
    expect((await worker.ended).code).toBe(status.INVALID_ARGUMENT);
  });

  it('that dials again takes the place of its older stream and stays attached', async () => {
    const hello = workerHello({ name: 'twice' });
    const older = attach(hello);
    await older.take('welcome');
    const newer = attach(hello);
    await newer.take('welcome');
    expect((await older.ended).code).toBe(status.ABORTED);
    const stateOf = async () => {
      const { items } = await get<{ items: WorkerAnswer[] }>(`${coordinator.httpUrl}/api/v1/workers`);
      return items.find(({ id }) => id === hello.id)?.state;
    };
    expect(await stateOf()).toBe('ATTACHED');
    newer.drop();
    await eventually(async () => expect(await stateOf()).toBe('DETACHED'), soon);
  });
});

describe('SweepService', () => {
  const open = () => new SweepServiceClient(coordinator.grpcAddress, credentials.createInsecure());

  it('refuses a broken spec with every problem and path', async () => {
    const client = open();
    const error = await failure((done) => client.createSweep({ spec: 'name: ""\ncolour: red' }, done));
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    for (const path of ['name', 'tasks', 'colour']) expect(error.details).toContain(`- ${path}: `);
    client.close();
  });

  it('creates, watches until the end, and gives the summary that REST gives', async () => {
    const client = open();
    const created = await answer<{ id: string; plannedTrials: number }>((done) =>
      client.createSweep({ spec: JSON.stringify(noopSpec({ search: { space } })) }, done),
    );
    expect(created.plannedTrials).toBe(2);
    const states: string[] = [];
    const watched = (async () => {
      for await (const { sweep } of client.watchSweep({ id: created.id })) {
        states.push((JSON.parse(sweep) as SweepAnswer).state);
      }
    })();
    const worker = attach();
    worker.ready(2);
    for (let n = 0; n < 2; n++) worker.report(keyOf(await worker.take('assign')), success(n));
    await watched;
    expect(states[0]).not.toBe('COMPLETED');
    expect(states.at(-1)).toBe('COMPLETED');
    const request = { sweep: created.id, dataset: '', student: '', teacher: '', objective: '' };
    const { summary } = await answer<{ summary: string }>((done) => client.getBest(request, done));
    const rest = await get<SummaryAnswer>(`${coordinator.httpUrl}/api/v1/summary?sweep=${created.id}`);
    expect((JSON.parse(summary) as SummaryAnswer).groups).toEqual(rest.groups);
    const control = { id: created.id, action: SweepAction.SWEEP_ACTION_CANCEL };
    expect((await failure((done) => client.controlSweep(control, done))).code).toBe(status.FAILED_PRECONDITION);
    expect((await failure((done) => client.getSweep({ id: 'nope' }, done))).code).toBe(status.NOT_FOUND);
    worker.drop();
    client.close();
  });
});

describe('ArtifactService', () => {
  const open = () => new ArtifactServiceClient(coordinator.grpcAddress, credentials.createInsecure());
  const content = randomBytes(300_000);
  const sha256 = createHash('sha256').update(content).digest('hex');

  it('gives one worker the build, keeps what it uploads, and serves it to the others', async () => {
    const client = open();
    const key = 'teacher:recipe-1';
    const claim = async (workerId: string) => {
      const { state } = await answer<ClaimResponse>((done) => client.claim({ key, workerId }, done));
      return state!;
    };
    const builder = attach();
    const waiter = attach();
    await builder.take('welcome');
    await waiter.take('welcome');
    const build = await claim(builder.id);
    if (build.$case !== 'build') throw new Error(`expected to build, got ${build.$case}`);
    expect((await claim(waiter.id)).$case).toBe('wait');
    const { token } = build.value;
    await answer((done) => client.renewBuild({ key, token }, done));
    const header = { key, token, sha256, sizeBytes: content.length, metadata: '{"top1":97}' };

    const wrong = await uploadFailure(client, { ...header, sha256: '0'.repeat(64) });
    expect(wrong.code).toBe(status.INVALID_ARGUMENT);
    const short = await uploadFailure(client, { ...header, sizeBytes: content.length - 1 });
    expect(short.code).toBe(status.INVALID_ARGUMENT);
    const stranger = await uploadFailure(client, { ...header, token: waiter.id });
    expect(stranger.code).toBe(status.FAILED_PRECONDITION);

    expect(await answer((done) => upload(client, header, done))).toEqual({ sha256 });
    const ready = await claim(waiter.id);
    expect(ready).toMatchObject({ $case: 'ready', value: { sha256, sizeBytes: content.length } });
    for (const request of [
      { key, sha256: '' },
      { key: '', sha256 },
    ]) {
      const chunks: Buffer[] = [];
      for await (const { chunk } of client.download(request)) chunks.push(chunk);
      expect(Buffer.concat(chunks).equals(content)).toBe(true);
    }
    builder.drop();
    waiter.drop();
    client.close();
  });

  it('lets the next one build at once what was abandoned', async () => {
    const client = open();
    const key = 'teacher:recipe-2';
    const worker = attach();
    await worker.take('welcome');
    const claim = () => answer<ClaimResponse>((done) => client.claim({ key, workerId: worker.id }, done));
    const first = (await claim()).state!;
    if (first.$case !== 'build') throw new Error(`expected to build, got ${first.$case}`);
    await answer((done) => client.abandonBuild({ key, token: first.value.token }, done));
    expect((await claim()).state!.$case).toBe('build');
    const late = await failure((done) => client.renewBuild({ key, token: first.value.token }, done));
    expect(late.code).toBe(status.FAILED_PRECONDITION);
    worker.drop();
    client.close();
  });

  it.each(['../etc/passwd', 'teacher:../x', 'teacher:a/b', ''])('refuses the key %j', async (key) => {
    const client = open();
    const error = await failure((done) => client.claim({ key, workerId: workerHello().id }, done));
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    client.close();
  });

  it.each([
    ['a key that is not there', { key: 'teacher:none', sha256: '' }, status.NOT_FOUND],
    ['a hash that nothing has', { key: '', sha256: 'a'.repeat(64) }, status.NOT_FOUND],
    ['a hash that is none', { key: '', sha256: '../../etc/passwd' }, status.INVALID_ARGUMENT],
  ])('has no content for %s', async (_, request, code) => {
    const client = open();
    const read = async () => {
      for await (const _ of client.download(request)) throw new Error('content of nothing');
    };
    await expect(read()).rejects.toMatchObject({ code });
    client.close();
  });

  function upload(
    client: ArtifactServiceClient,
    header: { key: string; token: string; sha256: string; sizeBytes: number; metadata: string },
    done: (error: ServiceError | null, value: UploadResponse) => void,
  ): void {
    const parts: UploadRequest[] = [{ part: { $case: 'header', value: header } }];
    for (let at = 0; at < content.length; at += 100_000) {
      parts.push({ part: { $case: 'chunk', value: content.subarray(at, at + 100_000) } });
    }
    const stream = client.upload(done);
    for (const part of parts) stream.write(part);
    stream.end();
  }

  function uploadFailure(...[client, header]: [ArtifactServiceClient, Parameters<typeof upload>[1]]) {
    return failure((done) => upload(client, header, done));
  }
});

describe('the server', () => {
  it('answers the standard health check for itself and each service', async () => {
    const client = new Client(coordinator.grpcAddress, credentials.createInsecure());
    const check = methodOf(healthProtoPath, 'grpc.health.v1.Health', 'Check');
    for (const service of ['', 'abkd.v1.WorkerService', 'abkd.v1.SweepService']) {
      const { path, requestSerialize, responseDeserialize } = check;
      const served = await answer((done: Done<object | undefined>) =>
        client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, done),
      );
      expect(served).toMatchObject({ status: 'SERVING' });
    }
    client.close();
  });

  it('lists and describes its services by reflection', async () => {
    const client = new Client(coordinator.grpcAddress, credentials.createInsecure());
    const info = methodOf(reflectionProtoPath, 'grpc.reflection.v1.ServerReflection', 'ServerReflectionInfo');
    const stream = client.makeBidiStreamRequest(info.path, info.requestSerialize, info.responseDeserialize);
    const answers: unknown[] = [];
    stream.on('data', (message: unknown) => answers.push(message));
    stream.write({ listServices: '*' });
    stream.write({ fileContainingSymbol: 'abkd.v1.WorkerService' });
    await eventually(() => expect(answers).toHaveLength(2), soon);
    const listed = JSON.stringify(answers[0]);
    for (const name of ['WorkerService', 'ArtifactService', 'SweepService'])
      expect(listed).toContain(`abkd.v1.${name}`);
    expect(listed).toContain('grpc.health.v1.Health');
    expect(answers[1]).toMatchObject({ messageResponse: 'fileDescriptorResponse' });
    stream.end();
    client.close();
  });

  function methodOf(file: string, service: string, method: string) {
    const definition = loadSync(file, { enums: String, oneofs: true })[service] as ServiceDefinition;
    return definition[method]!;
  }
});
