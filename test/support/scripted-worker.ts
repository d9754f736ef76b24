/** A worker that says what a test tells it to say, over a real gRPC stream. */
import { randomUUID } from 'node:crypto';
import { type ClientDuplexStream, credentials, type ServiceError, status } from '@grpc/grpc-js';
import type { AttemptKey, AttemptOutcome } from '../../core/attempt.ts';
import type { WorkerId } from '../../core/ids.ts';
import { lossKernelId } from '../../core/kernel.ts';
import { kernelProofCases } from '../../core/kernel-proof-cases.ts';
import type { WorkerHello } from '../../core/worker.ts';
import { outcomeToWire } from '../../proto/codec/attempt.ts';
import { helloToWire } from '../../proto/codec/hello.ts';
import {
  type CoordinatorMessage,
  type Hello,
  type WorkerMessage,
  WorkerServiceClient,
} from '../../proto/gen/abkd/v1/worker.ts';
import { eventually } from './eventually.ts';

type FromCoordinator = NonNullable<CoordinatorMessage['message']>;
type Case = FromCoordinator['$case'];
type ValueOf<Name extends Case> = Extract<FromCoordinator, { $case: Name }>['value'];

export interface ScriptedWorker {
  readonly id: WorkerId;
  send(message: NonNullable<WorkerMessage['message']>): void;
  ready(freeSlots: number): void;
  /** Reports an outcome; returns the number under which it will be acknowledged. */
  report(key: AttemptKey, outcome: AttemptOutcome): number;
  /** Takes the oldest message of a kind that has not been taken yet, waiting for it. */
  take<Name extends Case>(name: Name): Promise<ValueOf<Name>>;
  /** Messages of a kind that came and were not taken. */
  pending(name: Case): number;
  /** How the stream ended. */
  readonly ended: Promise<{ readonly code: status; readonly details: string }>;
  /** Drops the stream, as a worker does that dies. */
  drop(): void;
}

const soon = { timeoutMs: 15_000 };

export function workerHello(change: Partial<WorkerHello> = {}): WorkerHello {
  return {
    id: randomUUID() as WorkerId,
    name: 'scripted',
    host: 'test-host',
    pid: 1,
    version: '0.0.0-test',
    slots: 4,
    devices: [{ kind: 'cpu', name: 'test', memoryBytes: 0 }],
    labels: {},
    datasets: ['mnist'],
    backend: 'cpu',
    backendVersion: '4.22.0',
    kernelId: lossKernelId,
    ...change,
  };
}

/** What a backend without error would prove. */
export const exactProof = {
  kernelId: lossKernelId,
  divergences: kernelProofCases.map(({ divergence }) => divergence),
  gradients: kernelProofCases.flatMap(({ gradient }) => [...gradient]),
};

/** Attaches with a right hello, changed as a test wants. Does not wait for the welcome. */
export function attachScriptedWorker(
  address: string,
  worker: WorkerHello = workerHello(),
  change: { readonly held?: readonly AttemptKey[]; readonly hello?: Partial<Hello> } = {},
): ScriptedWorker {
  const client = new WorkerServiceClient(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  const call = client.attach();
  const received: FromCoordinator[] = [];
  let sequence = 0;
  const send: ScriptedWorker['send'] = (message) => void call.write({ message });
  call.on('data', ({ message }: CoordinatorMessage) => message !== undefined && received.push(message));
  const ended = endOf(call).finally(() => client.close());
  const indexOf = (name: Case) => received.findIndex(({ $case }) => $case === name);
  send({ $case: 'hello', value: { ...helloToWire(worker, exactProof, change.held ?? []), ...change.hello } });
  return {
    id: worker.id,
    send,
    ready: (freeSlots) => send({ $case: 'ready', value: { freeSlots } }),
    report: (key, outcome) => {
      sequence += 1;
      send({ $case: 'result', value: outcomeToWire(sequence, key, outcome) });
      return sequence;
    },
    take: <Name extends Case>(name: Name): Promise<ValueOf<Name>> =>
      eventually(async () => {
        const index = indexOf(name);
        if (index < 0) throw new Error(`no ${name} came; came: ${received.map(({ $case }) => $case).join(', ')}`);
        return received.splice(index, 1)[0]!.value as ValueOf<Name>;
      }, soon),
    pending: (name) => received.filter(({ $case }) => $case === name).length,
    ended,
    drop: () => call.cancel(),
  };
}

function endOf(
  call: ClientDuplexStream<WorkerMessage, CoordinatorMessage>,
): Promise<{ readonly code: status; readonly details: string }> {
  return new Promise((resolve) => {
    call.on('error', ({ code, details }: ServiceError) => resolve({ code, details }));
    call.on('end', () => resolve({ code: status.OK, details: '' }));
  });
}

/** The key of an assignment. */
export function keyOf(assign: ValueOf<'assign'>): AttemptKey {
  const { trialId, attempt } = assign.attempt!;
  return { trialId: trialId as AttemptKey['trialId'], attempt };
}

export function success(selectionValue: number, testValue: number | null = null): AttemptOutcome {
  return { kind: 'success', selectionValue, testValue, scaleFactor: null, teacherSha256: null, extras: {} };
}
