import type { WorkerAnswer } from '../../core/api/fleet.ts';
import { AbkdError } from '../../core/errors.ts';
import type { WorkerId } from '../../core/ids.ts';
import { protocolVersion } from '../../core/kernel.ts';
import { checkKernelProof, type KernelProof } from '../../core/kernel-proof.ts';
import type { WorkerHello } from '../../core/worker.ts';
import type { Bell } from '../../platform/bell.ts';
import { packageVersion } from '../../platform/version.ts';
import type { Events } from '../events.ts';
import type { Store } from '../store/store.ts';

export interface WorkerService {
  /** Takes a worker into the fleet. @throws {AbkdError} WORKER_REFUSED where its loss kernel is not ours */
  attach(worker: WorkerHello, proof: KernelProof, held: number): Promise<void>;
  /** The worker's stream is over. Its leases are left to run out: it may come back to any coordinator. */
  detach(workerId: WorkerId, reason: string): Promise<void>;
  /** Attached workers, and those seen within the last hour. */
  list(): Promise<readonly WorkerAnswer[]>;
}

const recentlySeenMs = 3_600_000;

export function createWorkerService(options: {
  readonly store: Store;
  readonly events: Events;
  /** Rung whenever a worker attached: searches may choose more points for it. */
  readonly attached: Pick<Bell, 'ring'>;
}): WorkerService {
  const { store, events, attached } = options;
  return {
    attach: async (worker, proof, held) => {
      assertKernel(worker, proof, events);
      await store.attachWorker(worker);
      events.workerAttached(worker, held);
      attached.ring();
    },
    detach: async (workerId, reason) => {
      await store.detachWorker(workerId);
      events.workerDetached(workerId, reason);
    },
    list: () => store.listWorkers({ seenWithinMs: recentlySeenMs }),
  };
}

/** Checked before anything else of a hello is read: another version may mean other things by it. */
export function assertProtocol(
  hello: { readonly name: string; readonly host: string; readonly version: string; readonly protocolVersion: number },
  events: Events,
): void {
  if (hello.protocolVersion === protocolVersion) return;
  events.workerRefused(hello, 'protocol version');
  throw new AbkdError(
    'WORKER_REFUSED',
    `Cannot attach worker "${hello.name}": it speaks protocol ${hello.protocolVersion} (version ${hello.version}), ` +
      `expected protocol ${protocolVersion} (version ${packageVersion} of this coordinator)`,
  );
}

function assertKernel(worker: WorkerHello, proof: KernelProof, events: Events): void {
  const reason = checkKernelProof(proof);
  if (reason === null) return;
  events.workerRefused(worker, reason);
  throw new AbkdError(
    'WORKER_REFUSED',
    `Cannot attach worker "${worker.name}" (backend ${worker.backend} ${worker.backendVersion}): ${reason}`,
  );
}
