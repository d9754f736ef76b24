import { spawn } from 'node:child_process';
import { sleep } from '../../platform/async.ts';
import { systemClock } from '../../platform/clock.ts';
import { readProcessIdentity } from '../../platform/process-identity.ts';
import type { LogFolder } from './logs.ts';
import { isRunning, type KnownProcess } from './state.ts';

/** A local worker that runs, whoever started it. */
export interface WorkerProcess {
  /** Null where it could not be started, or was gone before it could be identified. */
  readonly process: KnownProcess | null;
  /** Resolves with how it ended, in words; `leftInOrder` where it went by itself with code 0. */
  readonly ended: Promise<{ readonly how: string; readonly leftInOrder: boolean }>;
}

const pollMs = 250;
/** Time for a worker to hand its trials back after SIGTERM, milliseconds. */
const leaveMs = 15_000;

/** Starts a worker agent in a process group of its own: Ctrl-C in the terminal reaches `abkd up` alone. */
export async function spawnWorker(options: {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logs: LogFolder;
}): Promise<WorkerProcess> {
  const [program, ...args] = options.command;
  const log = await options.logs.openFor(options.name);
  const child = spawn(program!, args, {
    detached: true,
    // Files, not pipes: the worker goes on where this process is killed.
    stdio: ['ignore', log.fd, log.fd],
    env: { ...options.env },
  });
  await log.close();
  child.unref();
  const ended = new Promise<{ how: string; leftInOrder: boolean }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ how: signal ?? `exit code ${code}`, leftInOrder: code === 0 }));
    child.once('error', (error) => resolve({ how: error.message, leftInOrder: false }));
  });
  const identity = child.pid === undefined ? null : await readProcessIdentity(child.pid);
  return { process: identity === null ? null : { pid: child.pid!, identity }, ended };
}

/** A worker that an earlier `abkd up` started: its end can only be looked for. */
export function watchAdopted(process: KnownProcess): WorkerProcess {
  const watch = async () => {
    while (await isRunning(process)) await sleep(pollMs);
    return { how: 'gone', leftInOrder: false };
  };
  return { process, ended: watch() };
}

/**
 * Ends a worker: SIGTERM, so that it hands its trials back, and SIGKILL for its whole process group after 15 s or as
 * soon as `hasten` aborts. Resolves when it is gone; a process that only has the same id is left alone.
 */
export async function stopWorkerProcess(known: KnownProcess, hasten: AbortSignal): Promise<void> {
  if (!(await isRunning(known))) return;
  signalIfThere(known.pid, 'SIGTERM');
  const deadline = systemClock.now() + leaveMs;
  while (!hasten.aborted && systemClock.now() < deadline) {
    if (!(await isRunning(known))) break;
    await sleep(pollMs / 5, hasten);
  }
  // Its trial processes share its group; the group keeps the id in use as long as one of them is left.
  signalIfThere(-known.pid, 'SIGKILL');
  while (await isRunning(known)) await sleep(pollMs / 5);
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
