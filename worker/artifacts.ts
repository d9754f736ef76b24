/** The coordinator's artifact calls as promises. */

import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ServiceError } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { AbkdError } from '../core/errors.ts';
import type {
  ArtifactServiceClient,
  ClaimResponse,
  DownloadRequest,
  UploadHeader,
} from '../proto/gen/abkd/v1/worker.ts';

/** One call's share of an upload. gRPC takes messages of 4 MiB by default. */
const chunkBytes = 1024 * 1024;
const callTimeoutMs = 15_000;

type ClaimState = NonNullable<ClaimResponse['state']>;

/** @throws {AbkdError} UNAVAILABLE, INTERNAL */
export async function claimArtifact(client: ArtifactServiceClient, key: string, workerId: string): Promise<ClaimState> {
  const answer = await call<ClaimResponse>(`claim artifact "${key}"`, (done) => client.claim({ key, workerId }, done));
  if (answer.state === undefined) throw new AbkdError('INTERNAL', `Cannot claim artifact "${key}": empty answer`);
  return answer.state;
}

/** @throws {AbkdError} LEASE_LOST, UNAVAILABLE */
export async function renewBuild(client: ArtifactServiceClient, key: string, token: string): Promise<void> {
  await call(`renew the build of artifact "${key}"`, (done) => client.renewBuild({ key, token }, done));
}

/** @throws {AbkdError} UNAVAILABLE */
export async function abandonBuild(client: ArtifactServiceClient, key: string, token: string): Promise<void> {
  await call(`abandon the build of artifact "${key}"`, (done) => client.abandonBuild({ key, token }, done));
}

/** @throws {AbkdError} LEASE_LOST where the build's lease has run out; UNAVAILABLE */
export function uploadArtifact(client: ArtifactServiceClient, header: UploadHeader, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.upload((error) => {
      if (error === null) resolve();
      else reject(toAbkdError(`upload artifact "${header.key}"`, error));
    });
    const send = async () => {
      stream.write({ part: { $case: 'header', value: header } });
      for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes })) {
        const more = stream.write({ part: { $case: 'chunk', value: chunk as Buffer } });
        if (!more) await drained(stream);
      }
      stream.end();
    };
    send().catch((error) => {
      stream.cancel();
      reject(error);
    });
  });
}

/** Resolves when more may be written, or the stream is over (the call's answer then tells why). */
function drained(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ['drain', 'close', 'error']) stream.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'close', 'error']) stream.once(event, done);
  });
}

/** Writes the content of a key, or that with a hash, to `path`. @throws {AbkdError} NOT_FOUND, UNAVAILABLE */
export async function downloadArtifact(
  client: ArtifactServiceClient,
  wanted: Pick<DownloadRequest, 'key'> | Pick<DownloadRequest, 'sha256'>,
  path: string,
): Promise<void> {
  const file = await open(path, 'w');
  try {
    for await (const part of client.download({ key: '', sha256: '', ...wanted })) {
      await file.write((part as { readonly chunk: Buffer }).chunk);
    }
  } catch (error) {
    throw isServiceError(error)
      ? toAbkdError(`download artifact "${'key' in wanted ? wanted.key : wanted.sha256}"`, error)
      : error;
  } finally {
    await file.close();
  }
}

function call<Answer>(
  action: string,
  start: (done: (error: ServiceError | null, answer: Answer) => void) => { cancel(): void },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const running = start((error, answer) => {
      clearTimeout(timer);
      if (error === null) resolve(answer);
      else reject(toAbkdError(action, error));
    });
    const timer = setTimeout(() => running.cancel(), callTimeoutMs);
  });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;
}

/** Failures of the connection and of the coordinator's own services pass; the rest is an answer. */
const retryableCodes: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.RESOURCE_EXHAUSTED,
]);

function toAbkdError(action: string, error: ServiceError): AbkdError {
  const message = `Cannot ${action}: ${error.details}`;
  if (error.code === status.FAILED_PRECONDITION) return new AbkdError('LEASE_LOST', message);
  if (error.code === status.NOT_FOUND) return new AbkdError('NOT_FOUND', message);
  return new AbkdError(retryableCodes.has(error.code) ? 'UNAVAILABLE' : 'INTERNAL', message);
}
