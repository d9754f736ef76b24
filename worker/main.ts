import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { WorkerId } from '../core/ids.ts';
import { createRandom, deriveSeed } from '../core/random.ts';
import { createDeferred } from '../platform/async.ts';
import { createLogger } from '../platform/logger.ts';
import { packageVersion } from '../platform/version.ts';
import { runAgent } from './agent.ts';
import { openCacheFolder } from './cache-folder.ts';
import { readWorkerConfig, type WorkerConfig, type WorkerOptions } from './config.ts';
import { describeHost } from './describe-host.ts';
import { findDevices } from './devices.ts';

export interface StartedWorker {
  /** Resolves with the coordinator's address at the first welcome; never settles where there is none. */
  readonly attached: Promise<string>;
  /** Resolves when the worker has left in order; rejects where it could not start or was turned away. */
  readonly done: Promise<void>;
  /** Leaves: running trials are stopped and go back to the queue. `done` tells when that is through. */
  stop(): void;
}

/**
 * Starts the worker agent of this process, with settings from `options` and the environment.
 * @throws {AbkdError} BAD_CONFIG at once; `done` rejects with BAD_CONFIG (no backend works), WORKER_REFUSED, UNAVAILABLE
 */
export function startWorker(options: WorkerOptions = {}): StartedWorker {
  const config = readWorkerConfig(options);
  const leave = new AbortController();
  const attached = createDeferred<string>();
  const done = runWorker(config, leave.signal, attached.resolve);
  return { attached: attached.promise, done, stop: () => leave.abort() };
}

/**
 * Describes the host, then serves coordinators until `signal` aborts or a coordinator drains the worker.
 * @throws {AbkdError} BAD_CONFIG, WORKER_REFUSED, UNAVAILABLE
 */
export async function runWorker(
  config: WorkerConfig,
  signal: AbortSignal,
  onAttached: (address: string) => void = () => undefined,
): Promise<void> {
  const log = createLogger('worker', { level: config.logLevel });
  const id = randomUUID() as WorkerId;
  const cache = await openCacheFolder(config.cacheDir, config.cacheBytes);
  const description = await describeHost(config, cache, log, signal);
  if (description === null) return;
  const { backend, backendVersion, proof, datasets } = description;
  log.info({ workerId: id, name: config.name, backend, backendVersion, datasets }, 'worker described its host');
  const worker = {
    id,
    name: config.name,
    host: hostname(),
    pid: process.pid,
    version: packageVersion,
    slots: config.slots,
    devices: findDevices(description),
    labels: config.labels,
    datasets,
    backend,
    backendVersion,
    kernelId: proof.kernelId,
  };
  const random = createRandom(deriveSeed(id)).uniform;
  await runAgent({ config, worker, proof, cache, random, log, onAttached }, signal);
}
