import { AbkdError } from '../core/errors.ts';
import { sleep } from '../platform/async.ts';
import type { Logger } from '../platform/logger.ts';
import type { CacheFolder } from './cache-folder.ts';
import type { WorkerConfig } from './config.ts';
import { failureOfProcessEnd } from './process-failure.ts';
import type { FromTrialProcess, HostDescription } from './trial/messages.ts';
import { startTrialProcess, type TrialProcess, trialSettings } from './trial-process.ts';

/** Finding a backend may mean trying several; none takes longer than this altogether, milliseconds. */
const timeoutMs = 180_000;

/**
 * Has a trial process find the backend, prove its kernel and look for datasets. Null where `signal` aborts before.
 * @throws {AbkdError} BAD_CONFIG where no backend works here
 */
export async function describeHost(
  config: WorkerConfig,
  cache: CacheFolder,
  log: Logger,
  signal: AbortSignal,
): Promise<HostDescription | null> {
  const settings = trialSettings(config, cache);
  const process = startTrialProcess({ settings, heapMb: config.limits.heapMb, log });
  const over = new AbortController();
  try {
    const answer = await Promise.race([
      askProcess(process),
      sleep(timeoutMs, AbortSignal.any([signal, over.signal])).then(() => null),
    ]);
    if (answer?.kind === 'described') return answer.description;
    if (signal.aborted) return null;
    const why = answer?.kind === 'failed' ? answer.message : `no answer within ${timeoutMs} ms`;
    throw new AbkdError('BAD_CONFIG', `Cannot start worker with backend "${config.backend}": ${why}`);
  } finally {
    over.abort();
    await process.close();
  }
}

function askProcess(process: TrialProcess): Promise<FromTrialProcess> {
  return new Promise((resolve) => {
    process.listen((message) => {
      if (message.kind === 'described' || message.kind === 'failed') resolve(message);
    });
    void process.ready.then(() => process.send({ kind: 'describe' }));
    void process.ended.then((end) => {
      const { kind, message } = failureOfProcessEnd(end);
      resolve({ kind: 'failed', failureKind: kind, message });
    });
  });
}
