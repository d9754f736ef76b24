/** A real worker against a real gRPC server that the test scripts message by message. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TrialAssignment } from '../../core/assignment.ts';
import { kernelProofCases } from '../../core/kernel-proof-cases.ts';
import { assignmentToWire } from '../../proto/codec/assignment.ts';
import { attemptToWire, wantedToWire } from '../../proto/codec/attempt.ts';
import { eventually } from '../support/eventually.ts';
import { noopAssignment } from '../support/noop-trial.ts';
import { assertGone, createPrograms, findDescendants } from '../support/processes.ts';
import {
  acknowledgeAll,
  type FromWorker,
  type Script,
  type ScriptedCoordinator,
  startScriptedCoordinator,
  type WorkerStream,
} from '../support/scripted-coordinator.ts';
import { createWorkerPrograms, type WorkerPrograms } from '../support/worker-program.ts';

const soon = { timeoutMs: 20_000 };
const programs = createPrograms();
const coordinators: ScriptedCoordinator[] = [];
let workers: WorkerPrograms;

beforeEach(async () => {
  workers = await createWorkerPrograms(programs);
});
afterEach(async () => {
  await programs.killAll();
  for (const coordinator of coordinators.splice(0)) coordinator.close();
  await workers.remove();
});

async function startCoordinator(script: Script = {}): Promise<ScriptedCoordinator> {
  const coordinator = await startScriptedCoordinator(script);
  coordinators.push(coordinator);
  return coordinator;
}

const firstStream = (coordinator: ScriptedCoordinator) => eventually(() => defined(coordinator.streams[0]), soon);

function defined<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('not there yet');
  return value;
}

function all<Case extends FromWorker['$case']>({ received }: WorkerStream, $case: Case) {
  return received.filter((message): message is Extract<FromWorker, { $case: Case }> => message.$case === $case);
}

function assign(stream: WorkerStream, assignment: TrialAssignment): void {
  stream.send({ $case: 'assign', value: assignmentToWire(assignment) });
}

function resultOf(stream: WorkerStream, { trialId }: TrialAssignment) {
  const results = all(stream, 'result').filter(({ value }) => value.attempt?.trialId === trialId);
  return defined(results[0]).value.outcome;
}

/** Trial ids of the latest renewal. */
function renewed(stream: WorkerStream): readonly string[] {
  return defined(all(stream, 'renew').at(-1)).value.attempts.map(({ trialId }) => trialId);
}

/** Assigns a trial that is stuck in its thread when this resolves: it has reported its first step of two. */
async function assignStuck(stream: WorkerStream): Promise<TrialAssignment> {
  const assignment = noopAssignment({ failure: 'hang', durationMs: 2, steps: 2 });
  assign(stream, assignment);
  await eventually(() => expect(measuredSteps(stream, assignment)).toEqual([1]), soon);
  return assignment;
}

function measuredSteps(stream: WorkerStream, { trialId }: TrialAssignment): readonly number[] {
  return all(stream, 'measurements')
    .filter(({ value }) => value.attempt?.trialId === trialId)
    .flatMap(({ value }) => value.measurements.map(({ step }) => step));
}

describe('a worker', () => {
  it('introduces itself with the proof of its kernel, offers its slots and serves trials until told to drain', async () => {
    const coordinator = await startCoordinator({ onMessage: acknowledgeAll });
    const worker = workers.start(coordinator.address, { ABKD_SLOTS: '2', ABKD_WORKER_NAME: 'w1', ABKD_LABELS: 'a=b' });
    const stream = await firstStream(coordinator);
    expect(stream.hello).toMatchObject({
      protocolVersion: 1,
      name: 'w1',
      slots: 2,
      labels: { a: 'b' },
      backend: 'cpu',
    });
    expect(stream.hello.pid).toBe(worker.pid);
    expect(stream.hello.kernelProof?.divergences).toHaveLength(kernelProofCases.length);
    await eventually(() => expect(stream.received[0]).toEqual({ $case: 'ready', value: { freeSlots: 2 } }), soon);

    const [short, long, tooMany] = [noopAssignment(), noopAssignment({ durationMs: 1500, steps: 3 }), noopAssignment()];
    for (const assignment of [short, long, tooMany]) assign(stream, assignment);
    await eventually(() => expect(resultOf(stream, short)?.$case).toBe('success'), soon);
    expect(resultOf(stream, tooMany)).toEqual({ $case: 'stopped', value: { requeue: true } });
    stream.send({ $case: 'drain', value: {} });
    await eventually(() => expect(all(stream, 'draining')).not.toHaveLength(0), soon);
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(resultOf(stream, long)?.$case).toBe('success');
    expect(measuredSteps(stream, long)).toEqual([1, 2, 3]);
  });

  it('stops what it is told to stop, and neither reports nor renews what it has lost', async () => {
    const coordinator = await startCoordinator({ onMessage: acknowledgeAll });
    workers.start(coordinator.address, { ABKD_SLOTS: '3' });
    const stream = await firstStream(coordinator);
    const running = [1, 2, 3].map(() => noopAssignment({ durationMs: 60_000 }));
    const [cancelled, paused, lost] = running as [TrialAssignment, TrialAssignment, TrialAssignment];
    for (const assignment of running) assign(stream, assignment);
    await eventually(() => expect(renewed(stream)).toEqual(running.map(({ trialId }) => trialId)), soon);
    const wanted = [
      wantedToWire({ ...cancelled, wanted: 'STOP', reason: 'cancelled' }),
      wantedToWire({ ...paused, wanted: 'WAIT', reason: '' }),
      wantedToWire({ ...lost, wanted: 'STOP', reason: 'lease lost' }),
    ];
    stream.send({ $case: 'wanted', value: { attempts: wanted } });
    await eventually(() => expect(all(stream, 'ready').at(-1)?.value.freeSlots).toBe(3), soon);
    await eventually(() => expect(renewed(stream)).toEqual([]), soon);
    for (const stopped of [cancelled, paused]) {
      expect(resultOf(stream, stopped)).toEqual({ $case: 'stopped', value: { requeue: false } });
    }
    expect(() => resultOf(stream, lost)).toThrow('not there yet');
  });

  it('reports an assignment that it does not understand as a failure', async () => {
    const coordinator = await startCoordinator({ onMessage: acknowledgeAll });
    workers.start(coordinator.address);
    const stream = await firstStream(coordinator);
    const assignment = noopAssignment();
    const value = { ...assignmentToWire(assignment), taskDefinition: '{"run":{"kind":"quantum"}}' };
    stream.send({ $case: 'assign', value });
    await eventually(() => expect(resultOf(stream, assignment)?.$case).toBe('failure'), soon);
  });

  it('keeps running trials over the loss of the coordinator and repeats what was not acknowledged', async () => {
    const first = await startCoordinator();
    const worker = workers.start(first.address);
    const stream = await firstStream(first);
    const assignment = noopAssignment({ durationMs: 1000, steps: 4 });
    assign(stream, assignment);
    await eventually(() => expect(all(stream, 'measurements')).not.toHaveLength(0), soon);
    first.close();
    await eventually(() => expect(worker.output.join('\n')).toMatch(/"outcome":"success"/), soon);
    const port = Number(first.address.split(':')[1]);
    const second = await startCoordinator({ port, onMessage: acknowledgeAll });
    const again = await firstStream(second);
    expect(again.hello.workerId).toBe(stream.hello.workerId);
    expect(again.hello.held).toEqual([attemptToWire(assignment)]);
    await eventually(() => expect(resultOf(again, assignment)?.$case).toBe('success'), soon);
    expect(measuredSteps(again, assignment)).toEqual([1, 2, 3, 4]);
    const numbers = [...all(again, 'measurements'), ...all(again, 'result')].map(({ value }) => value.sequence);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    await eventually(() => expect(renewed(again)).toEqual([]), soon);
  });

  it('turns to another coordinator when the present one falls silent', async () => {
    const silent = await startCoordinator({ answerRenewals: false });
    const other = await startCoordinator();
    workers.start(`${silent.address},${other.address}`);
    const stream = await firstStream(other);
    expect(stream.hello.workerId).toBe(silent.streams[0]?.hello.workerId);
  });

  it('ends with an error where the coordinator refuses it', async () => {
    const coordinator = await startCoordinator({ refuse: 'kernel proof differs' });
    const worker = workers.start(coordinator.address);
    const { code } = await worker.ended;
    expect(code).toBeGreaterThan(0);
    expect(worker.output.join('\n')).toMatch(/refuses this worker: kernel proof differs/);
  });

  it('ends with an error where it finds no coordinator within the time set', async () => {
    const worker = workers.start('127.0.0.1:1', { ABKD_GIVE_UP_SECONDS: '0.5' });
    const { code } = await worker.ended;
    expect(code).toBeGreaterThan(0);
    expect(worker.output.join('\n')).toMatch(/Cannot go on without a coordinator/);
  });

  it('gives its trial back, stops its processes and leaves with code 0 on SIGTERM, also mid-computation', async () => {
    const coordinator = await startCoordinator({ onMessage: acknowledgeAll });
    const worker = workers.start(coordinator.address);
    const stream = await firstStream(coordinator);
    const assignment = await assignStuck(stream);
    const children = await findDescendants(worker.pid);
    expect(children).not.toHaveLength(0);
    worker.kill('SIGTERM');
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(all(stream, 'draining')).not.toHaveLength(0);
    expect(resultOf(stream, assignment)).toEqual({ $case: 'stopped', value: { requeue: true } });
    await assertGone(children);
  });

  it('leaves at once on a second signal', async () => {
    const coordinator = await startCoordinator();
    const worker = workers.start(coordinator.address, { ABKD_STOP_GRACE_SECONDS: '600' });
    const stream = await firstStream(coordinator);
    await assignStuck(stream);
    const children = await findDescendants(worker.pid);
    worker.kill('SIGINT');
    await eventually(() => expect(all(stream, 'draining')).not.toHaveLength(0), soon);
    // Signals in quick succession count as one Ctrl-C.
    await eventually(async () => {
      worker.kill('SIGINT');
      await assertGone([worker.pid]);
    }, soon);
    await eventually(() => assertGone(children), soon);
  });

  it('leaves no process behind when it is killed, not even one that is stuck', async () => {
    const coordinator = await startCoordinator();
    const worker = workers.start(coordinator.address, { ABKD_SLOTS: '2', ABKD_STOP_GRACE_SECONDS: '600' });
    const stream = await firstStream(coordinator);
    assign(stream, noopAssignment({ durationMs: 60_000 }));
    const stuck = await assignStuck(stream);
    const wanted = [wantedToWire({ ...stuck, wanted: 'STOP', reason: 'cancelled' })];
    stream.send({ $case: 'wanted', value: { attempts: wanted } });
    const before = all(stream, 'renew').length;
    await eventually(() => expect(all(stream, 'renew').length).toBeGreaterThan(before + 1), soon);
    expect(() => resultOf(stream, stuck)).toThrow('not there yet');
    const children = await findDescendants(worker.pid);
    expect(children).toHaveLength(2);
    worker.kill('SIGKILL');
    await eventually(() => assertGone(children), soon);
  });
});
