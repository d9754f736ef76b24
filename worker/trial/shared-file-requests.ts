import type { TrialFailure } from '../../core/trial.ts';
import type { SharedFile } from './context.ts';
import { failureOf, TrialError } from './failure.ts';
import type { FromTrialProcess, SharedFileRequest, ToTrialProcess } from './messages.ts';

type Answer = Extract<ToTrialProcess, { readonly requestId: number }>;
type Build = (path: string) => Promise<unknown>;

interface Pending {
  readonly build: Build;
  /** While the build runs here, a stop waits for it: the build watches the same signal. */
  building: boolean;
  /** What the build here threw; it tells more than the agent's answer. */
  failure: { readonly thrown: unknown } | null;
  resolve(file: SharedFile): void;
  reject(reason: unknown): void;
}

export interface SharedFileRequests {
  /** The file, built by `build` where the agent says so. Rejects with what `build` threw, or when `signal` aborts. */
  ask(request: Omit<SharedFileRequest, 'requestId'>, build: Build, signal: AbortSignal): Promise<SharedFile>;
  /** Handles an answer of the agent; one for a request that is over is ignored. */
  answer(message: Answer): void;
}

/** Requests of the running trial for shared files, matched with the agent's answers by number. */
export function createSharedFileRequests(send: (message: FromTrialProcess) => void): SharedFileRequests {
  const pending = new Map<number, Pending>();
  let lastId = 0;
  return {
    ask: (request, build, signal) =>
      new Promise<SharedFile>((resolve, reject) => {
        signal.throwIfAborted();
        const requestId = ++lastId;
        const settle = (how: () => void) => {
          pending.delete(requestId);
          signal.removeEventListener('abort', giveUp);
          how();
        };
        const mine: Pending = {
          build,
          building: false,
          failure: null,
          resolve: (file) => settle(() => resolve(file)),
          reject: (reason) => settle(() => reject(reason)),
        };
        const giveUp = () => {
          if (!mine.building) mine.reject(signal.reason);
        };
        signal.addEventListener('abort', giveUp, { once: true });
        pending.set(requestId, mine);
        send({ kind: 'sharedFile', requestId, ...request });
      }),
    answer: (message) => {
      const request = pending.get(message.requestId);
      if (request !== undefined) handleAnswer(message, request, send);
    },
  };
}

function handleAnswer(message: Answer, request: Pending, send: (message: FromTrialProcess) => void): void {
  switch (message.kind) {
    case 'sharedFileReady':
      request.resolve({ path: message.path, sha256: message.sha256, metadata: message.metadata });
      break;
    case 'sharedFileBuild':
      void buildHere(message.requestId, message.path, request, send);
      break;
    case 'sharedFileError':
      request.reject(request.failure === null ? agentFailure(message.failure) : request.failure.thrown);
      break;
  }
}

function agentFailure({ kind, message }: TrialFailure): TrialError {
  return new TrialError(kind, message);
}

async function buildHere(
  requestId: number,
  path: string,
  request: Pending,
  send: (message: FromTrialProcess) => void,
): Promise<void> {
  request.building = true;
  try {
    send({ kind: 'sharedFileBuilt', requestId, metadata: await request.build(path) });
  } catch (thrown) {
    request.failure = { thrown };
    send({ kind: 'sharedFileFailed', requestId, message: failureOf(thrown).message });
  } finally {
    request.building = false;
  }
}
