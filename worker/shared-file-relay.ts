import type { SharedFile } from './trial/context.ts';
import { failureOf } from './trial/failure.ts';
import type { FromTrialProcess, SharedFileRequest } from './trial/messages.ts';
import type { TrialProcess } from './trial-process.ts';

/** Builds a shared file inside the trial process; resolves with the builder's metadata. */
export type BuildInProcess = (path: string) => Promise<unknown>;

/** Finds a shared file or has it built. `signal` aborts when the trial that asked has ended. */
export type FindSharedFile = (
  request: Omit<SharedFileRequest, 'requestId'>,
  build: BuildInProcess,
  signal: AbortSignal,
) => Promise<SharedFile>;

export interface SharedFileRelay {
  receive(message: FromTrialProcess): void;
  /** Requests that wait for somebody other than the trial process. */
  waiting(): number;
}

/** Carries requests for shared files from the trial process to the agent, and the agent's wish to build back. */
export function relaySharedFiles(
  process: Pick<TrialProcess, 'send'>,
  find: FindSharedFile,
  over: AbortSignal,
): SharedFileRelay {
  const builds = new Map<number, { resolve(metadata: unknown): void; reject(reason: Error): void }>();
  let open = 0;

  const buildInProcess = (requestId: number) => (path: string) =>
    new Promise<unknown>((resolve, reject) => {
      over.throwIfAborted();
      const abort = () => reject(new Error('The trial ended before the file was built'));
      over.addEventListener('abort', abort, { once: true });
      const done = () => {
        builds.delete(requestId);
        over.removeEventListener('abort', abort);
      };
      builds.set(requestId, {
        resolve: (metadata) => {
          done();
          resolve(metadata);
        },
        reject: (reason) => {
          done();
          reject(reason);
        },
      });
      process.send({ kind: 'sharedFileBuild', requestId, path });
    });

  const serve = async ({ requestId, scope, key, expectedBytes }: SharedFileRequest) => {
    open += 1;
    try {
      const file = await find({ scope, key, expectedBytes }, buildInProcess(requestId), over);
      process.send({ kind: 'sharedFileReady', requestId, ...file });
    } catch (error) {
      process.send({ kind: 'sharedFileError', requestId, failure: failureOf(error) });
    } finally {
      open -= 1;
    }
  };

  return {
    waiting: () => open - builds.size,
    receive: (message) => {
      if (message.kind === 'sharedFile') void serve(message);
      else if (message.kind === 'sharedFileBuilt') builds.get(message.requestId)?.resolve(message.metadata);
      else if (message.kind === 'sharedFileFailed') builds.get(message.requestId)?.reject(new Error(message.message));
    },
  };
}
