/** The coordinator's artifact calls as promises. */

import type { ServiceError } from '@grpc/grpc-js';
import { AbkdError } from '../core/errors.ts';
import type {
  ArtifactServiceClient,
  ClaimResponse,
  DownloadRequest,
  UploadHeader,
} from '../proto/gen/abkd/v1/worker.ts';
import { downloadFile, toAbkdError, uploadFile } from './file-streams.ts';

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
  return uploadFile(`upload artifact "${header.key}"`, (done) => client.upload(done), header, path);
}

/** Writes the content of a key, or that with a hash, to `path`. @throws {AbkdError} NOT_FOUND, UNAVAILABLE */
export function downloadArtifact(
  client: ArtifactServiceClient,
  wanted: Pick<DownloadRequest, 'key'> | Pick<DownloadRequest, 'sha256'>,
  path: string,
): Promise<void> {
  const name = 'key' in wanted ? wanted.key : wanted.sha256;
  return downloadFile(`download artifact "${name}"`, client.download({ key: '', sha256: '', ...wanted }), path);
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
