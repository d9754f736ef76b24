import type { AttemptKey } from '../../core/attempt.ts';
import { AbkdError } from '../../core/errors.ts';
import { isUuid, type WorkerId } from '../../core/ids.ts';
import { protocolVersion } from '../../core/kernel.ts';
import type { WorkerHello } from '../../core/worker.ts';
import type { Hello } from '../gen/abkd/v1/worker.ts';
import { attemptFromWire, attemptToWire } from './attempt.ts';

/** What a worker's backend computed for the reference inputs of core/kernel-proof.ts. */
export interface KernelProofValues {
  readonly kernelId: string;
  readonly divergences: readonly number[];
  readonly gradients: readonly number[];
}

export interface HelloContent {
  readonly protocolVersion: number;
  readonly worker: WorkerHello;
  readonly proof: KernelProofValues;
  /** Attempts that still run on the worker after a reconnection. */
  readonly held: readonly AttemptKey[];
}

export function helloToWire(worker: WorkerHello, proof: KernelProofValues, held: readonly AttemptKey[]): Hello {
  return {
    protocolVersion,
    workerId: worker.id,
    name: worker.name,
    host: worker.host,
    pid: worker.pid,
    version: worker.version,
    slots: worker.slots,
    devices: worker.devices.map((device) => ({ ...device })),
    labels: { ...worker.labels },
    datasets: [...worker.datasets],
    backend: worker.backend,
    backendVersion: worker.backendVersion,
    kernelProof: { kernelId: proof.kernelId, divergences: [...proof.divergences], gradients: [...proof.gradients] },
    held: held.map(attemptToWire),
  };
}

/** @throws {AbkdError} BAD_REQUEST when the identity is malformed */
export function helloFromWire(wire: Hello): HelloContent {
  if (!isUuid(wire.workerId)) {
    throw new AbkdError(
      'BAD_REQUEST',
      `Cannot attach worker: worker_id is ${JSON.stringify(wire.workerId)}, expected a UUID`,
    );
  }
  if (wire.slots < 1 || wire.slots > 1024) {
    throw new AbkdError(
      'BAD_REQUEST',
      `Cannot attach worker "${wire.name}": slots is ${wire.slots}, expected 1 to 1024`,
    );
  }
  if (wire.pid > 2 ** 31 - 1) {
    throw new AbkdError(
      'BAD_REQUEST',
      `Cannot attach worker "${wire.name}": pid is ${wire.pid}, expected a process id`,
    );
  }
  assertTexts(wire);
  return {
    protocolVersion: wire.protocolVersion,
    worker: {
      id: wire.workerId as WorkerId,
      name: wire.name,
      host: wire.host,
      pid: wire.pid,
      version: wire.version,
      slots: wire.slots,
      devices: wire.devices,
      labels: wire.labels,
      datasets: wire.datasets,
      backend: wire.backend,
      backendVersion: wire.backendVersion,
      kernelId: wire.kernelProof?.kernelId ?? '',
    },
    proof: {
      kernelId: wire.kernelProof?.kernelId ?? '',
      divergences: wire.kernelProof?.divergences ?? [],
      gradients: wire.kernelProof?.gradients ?? [],
    },
    held: wire.held.map(attemptFromWire),
  };
}

/** Longest text of a hello that is stored. */
const maxTextLength = 1000;

/** Postgres has no text with a NUL, and a name of a megabyte is a mistake. */
function assertTexts({ name, host, version, backend, backendVersion, datasets, labels, devices }: Hello): void {
  const texts = [name, host, version, backend, backendVersion, ...datasets, ...Object.entries(labels).flat()];
  const wrong = [...texts, ...devices.flatMap((device) => [device.kind, device.name])].find(
    (text) => text.length > maxTextLength || text.includes('\0'),
  );
  if (wrong === undefined) return;
  throw new AbkdError(
    'BAD_REQUEST',
    `Cannot attach worker: ${JSON.stringify(wrong.slice(0, 40))} is no text of at most ${maxTextLength} characters`,
  );
}
