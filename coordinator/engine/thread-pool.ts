import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { AbkdError, messageOf } from '../../core/errors.ts';
import { sleep } from '../../platform/async.ts';

/** Computes outside of the thread that serves leases and HTTP. */
export interface ThreadPool<Request, Answer> {
  /**
   * Requests beyond the number of threads wait for their turn.
   * @throws {AbkdError} INTERNAL where the computation threw, ended its thread or took too long; UNAVAILABLE after `close`
   */
  ask(request: Request): Promise<Answer>;
  close(): Promise<void>;
}

export interface ThreadPoolOptions {
  /** What the threads compute, for messages: `the next points`. */
  readonly subject: string;
  /** Program of a thread: answers each message with one. */
  readonly program: URL;
  readonly threads: number;
  /** Longest computation of one answer, milliseconds. @default 2 minutes */
  readonly timeoutMs?: number;
}

/** Threads are started when they are first needed, and kept. */
export function createThreadPool<Request, Answer>(options: ThreadPoolOptions): ThreadPool<Request, Answer> {
  const { subject, threads, timeoutMs = 120_000, program } = options;
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
  const run = async (request: Request): Promise<Answer> => {
    if (closed) throw closedError(subject);
    const thread = idle.pop() ?? start();
    busy.add(thread);
    try {
      const answer = await ask<Answer>(thread, request, { subject, timeoutMs });
      idle.push(thread);
      return answer;
    } catch (error) {
      await thread.terminate();
      throw closed ? closedError(subject) : error;
    } finally {
      busy.delete(thread);
    }
  };
  return {
    ask: async (request) => {
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
async function ask<Answer>(
  thread: Worker,
  request: unknown,
  { subject, timeoutMs }: { readonly subject: string; readonly timeoutMs: number },
): Promise<Answer> {
  const settled = new AbortController();
  const { signal } = settled;
  const fail = (reason: string, cause?: unknown): never => {
    throw new AbkdError('INTERNAL', `Cannot compute ${subject}: ${reason}`, { cause });
  };
  const answer = once(thread, 'message', { signal }).then(([value]) => value as Answer);
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

function closedError(subject: string): AbkdError {
  return new AbkdError('UNAVAILABLE', `Cannot compute ${subject}: the coordinator is stopping`);
}
