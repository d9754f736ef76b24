import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { AbkdError, messageOf } from '../../core/errors.ts';
import type { SearchHistory, SearchPlan, SearchStep } from '../../core/search/session.ts';
import { sleep } from '../../platform/async.ts';

/** What a step of a search is computed from. Plain data: it is copied into a thread. */
export interface StepRequest {
  readonly plan: SearchPlan;
  readonly history: SearchHistory;
  readonly wanted: number;
}

/** Computes steps of searches outside of the thread that serves leases and HTTP. */
export interface SearchPool {
  /**
   * Null where the search has to wait for results. Steps beyond the number of threads wait for their turn.
   * @throws {AbkdError} INTERNAL where the computation threw, ended its thread or took too long; UNAVAILABLE after `close`
   */
  next(request: StepRequest): Promise<SearchStep | null>;
  close(): Promise<void>;
}

export interface SearchPoolOptions {
  /** @default 2 */
  readonly threads?: number;
  /** Longest computation of one step, milliseconds. @default 2 minutes */
  readonly timeoutMs?: number;
  /** Program of a thread. */
  readonly program?: URL;
}

/** Threads are started when they are first needed, and kept. */
export function createSearchPool(options: SearchPoolOptions = {}): SearchPool {
  const { threads = 2, timeoutMs = 120_000, program = new URL('./search-thread.js', import.meta.url) } = options;
  const idle: Worker[] = [];
  const busy = new Set<Worker>();
  const waiting: (() => void)[] = [];
  let taken = 0;
  let closed = false;
  const start = () => {
    const thread = new Worker(program);
    // Whoever waits for its answer is told why it ended; without anybody, it is only forgotten.
    thread.on('error', () => undefined);
    thread.on('exit', () => {
      if (idle.includes(thread)) idle.splice(idle.indexOf(thread), 1);
    });
    return thread;
  };
  const run = async (request: StepRequest): Promise<SearchStep | null> => {
    if (closed) throw closedError();
    const thread = idle.pop() ?? start();
    busy.add(thread);
    try {
      const step = await ask(thread, request, timeoutMs);
      idle.push(thread);
      return step;
    } catch (error) {
      await thread.terminate();
      throw closed ? closedError() : error;
    } finally {
      busy.delete(thread);
    }
  };
  return {
    next: async (request) => {
      if (taken === threads) await new Promise<void>((resolve) => waiting.push(resolve));
      else taken += 1;
      try {
        return await run(request);
      } finally {
        // The turn is handed on, or given back.
        const following = waiting.shift();
        if (following === undefined) taken -= 1;
        else following();
      }
    },
    close: async () => {
      closed = true;
      await Promise.all([...idle, ...busy].map((thread) => thread.terminate()));
    },
  };
}

/** Resolves with the thread's answer; rejects where it fails, ends, or does not answer in time. */
async function ask(thread: Worker, request: StepRequest, timeoutMs: number): Promise<SearchStep | null> {
  const settled = new AbortController();
  const { signal } = settled;
  const fail = (reason: string, cause?: unknown): never => {
    throw new AbkdError('INTERNAL', `Cannot compute the next points: ${reason}`, { cause });
  };
  const answer = once(thread, 'message', { signal }).then(([step]) => step as SearchStep | null);
  const end = once(thread, 'exit', { signal }).then(([code]) => fail(`the thread ended with code ${code}`));
  const late = sleep(timeoutMs, signal).then(() => fail(`it took longer than ${timeoutMs} ms`));
  thread.postMessage(request);
  try {
    return await Promise.race([answer, end, late]);
  } catch (error) {
    return error instanceof AbkdError ? Promise.reject(error) : fail(messageOf(error), error);
  } finally {
    settled.abort();
  }
}

function closedError(): AbkdError {
  return new AbkdError('UNAVAILABLE', 'Cannot compute the next points: the coordinator is stopping');
}
