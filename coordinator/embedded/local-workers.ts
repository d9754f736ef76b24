/**
 * The local workers of `abkd up`, each kept running until the end:
 *
 * RUNNING  -> LEFT (it went by itself, code 0), WAITING (it ended otherwise), STOPPED
 * WAITING  pause after an end, doubling from 1 s to 30 s -> RUNNING, STOPPED
 * GIVEN UP after ten ends in a row, each within a minute of the start
 */
import { messageOf } from '../../core/errors.ts';
import { backoffDelay, sleep } from '../../platform/async.ts';
import { systemClock } from '../../platform/clock.ts';
import type { LogFolder } from './logs.ts';
import type { WorkerRecord } from './state.ts';
import { spawnWorker, stopWorkerProcess, type WorkerProcess, watchAdopted } from './worker-process.ts';

export interface LocalWorkersOptions {
  readonly names: readonly string[];
  readonly command: readonly string[];
  /** Complete but for the worker's name. */
  readonly env: Readonly<Record<string, string>>;
  readonly fitKey: string;
  /** Workers that run already; the rest is started. */
  readonly adopted: readonly WorkerRecord[];
  readonly logs: LogFolder;
  /** Called with the workers that run, after every change. */
  readonly onChange: (running: readonly WorkerRecord[]) => Promise<void>;
  /** Says something to the user. */
  readonly note: (text: string) => void;
}

export interface LocalWorkers {
  /** Ends all of them in order; at once where `hasten` aborts. */
  stop(hasten: AbortSignal): Promise<void>;
}

const firstPauseMs = 1_000;
const maxPauseMs = 30_000;
/** A worker that ran for so long was no failed start. */
const settledMs = 60_000;
const maxQuickEnds = 10;
const stopPollMs = 100;

/** Starts and keeps the workers; those that are adopted are only watched. */
export function startLocalWorkers(options: LocalWorkersOptions): LocalWorkers {
  const stopping = new AbortController();
  const running = new Map<string, WorkerRecord>();
  const setRunning = async (name: string, current: WorkerProcess | null) => {
    if (current?.process) running.set(name, { name, process: current.process, fitKey: options.fitKey });
    else running.delete(name);
    await options.onChange([...running.values()]);
  };
  const kept = options.names.map((name) =>
    keepRunning(name, options, (current) => setRunning(name, current), stopping.signal).catch((error) =>
      options.note(`cannot keep ${name} running: ${messageOf(error)}`),
    ),
  );
  return {
    stop: async (hasten) => {
      stopping.abort();
      let over = false;
      const allKept = Promise.all(kept).then(() => {
        over = true;
      });
      // A worker that is just being started shows up in a later round.
      do {
        await Promise.all([...running.values()].map(({ process }) => stopWorkerProcess(process, hasten)));
        await Promise.race([allKept, sleep(stopPollMs)]);
      } while (!over);
    },
  };
}

async function keepRunning(
  name: string,
  options: LocalWorkersOptions,
  setRunning: (current: WorkerProcess | null) => Promise<void>,
  stopping: AbortSignal,
): Promise<void> {
  const log = options.logs.fileOf(name);
  let adopted = options.adopted.find((record) => record.name === name);
  for (let quickEnds = 0; !stopping.aborted; ) {
    const startedAt = systemClock.now();
    const current = adopted === undefined ? await spawnNamed(name, options) : watchAdopted(adopted.process);
    adopted = undefined;
    await setRunning(current);
    const { how, leftInOrder } = await current.ended;
    await setRunning(null);
    if (stopping.aborted) return;
    if (leftInOrder) return options.note(`${name} left in order`);
    quickEnds = systemClock.now() - startedAt < settledMs ? quickEnds + 1 : 1;
    if (quickEnds >= maxQuickEnds) {
      return options.note(`${name} ended ${quickEnds} times in a row (${how}) and is not started again; see ${log}`);
    }
    const pauseMs = backoffDelay(quickEnds - 1, { firstMs: firstPauseMs, maxMs: maxPauseMs, random: () => 1 });
    options.note(`${name} ended (${how}); starting it again in ${pauseMs / 1000} s; see ${log}`);
    await sleep(pauseMs, stopping);
  }
}

function spawnNamed(name: string, { command, logs, env }: LocalWorkersOptions): Promise<WorkerProcess> {
  return spawnWorker({ name, command, logs, env: { ...env, ABKD_WORKER_NAME: name } });
}
