import { isMainThread, Worker, workerData } from 'node:worker_threads';

/** How often the watcher looks, milliseconds: how long a stuck trial may outlive its agent. */
const intervalMs = 1000;

/**
 * Ends this process when its parent has ended, even while the main thread is stuck in a computation and sees no
 * `disconnect`: a small thread of its own watches the parent's id.
 */
export function endWithParent(parentPid: number): void {
  const watcher = new Worker(new URL(import.meta.url), {
    workerData: { parentPid },
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 },
  });
  watcher.unref();
}

if (!isMainThread) {
  const { parentPid } = workerData as { readonly parentPid: number };
  setInterval(() => {
    // An orphan gets another parent at once.
    if (process.ppid !== parentPid) process.kill(process.pid, 'SIGKILL');
  }, intervalMs);
}
