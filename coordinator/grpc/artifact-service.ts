import type { handleClientStreamingCall, ServerReadableStream } from '@grpc/grpc-js';
import { AbkdError } from '../../core/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type {
  ArtifactServiceServer,
  ClaimResponse,
  DownloadRequest,
  DownloadResponse,
  UploadRequest,
  UploadResponse,
} from '../../proto/gen/abkd/v1/worker.ts';
import type { ArtifactService, UploadHeader } from '../service/artifacts.ts';
import type { ArtifactClaim } from '../store/store.ts';
import { toGrpcStatus } from './errors.ts';
import { serverStream, unary } from './handlers.ts';

/** After this time a worker that waits for another's build asks again. */
const retryMs = 500;

export function createArtifactHandlers(
  artifacts: ArtifactService,
  leaseMs: number,
  log: Logger,
): ArtifactServiceServer {
  return {
    claim: unary(log, async ({ key, workerId }) => claimToWire(await artifacts.claim(key, workerId), leaseMs)),
    renewBuild: unary(log, async ({ key, token }) => {
      await artifacts.renew(key, token);
      return {};
    }),
    abandonBuild: unary(log, async ({ key, token }) => {
      await artifacts.abandon(key, token);
      return {};
    }),
    upload: uploadHandler(artifacts, log),
    download: serverStream(log, (request) => downloadParts(artifacts, request)),
  };
}

function claimToWire(claim: ArtifactClaim, leaseMs: number): ClaimResponse {
  switch (claim.state) {
    case 'ready': {
      const { sha256, sizeBytes, metadata } = claim;
      return { state: { $case: 'ready', value: { sha256, sizeBytes, metadata: JSON.stringify(metadata) } } };
    }
    case 'build':
      return { state: { $case: 'build', value: { token: claim.token, leaseMs } } };
    case 'wait':
      return { state: { $case: 'wait', value: { retryMs } } };
  }
}

async function* downloadParts(
  artifacts: ArtifactService,
  { key, sha256 }: DownloadRequest,
): AsyncIterable<DownloadResponse> {
  const content = sha256 === '' ? await artifacts.download(key) : artifacts.downloadContent(sha256);
  for await (const chunk of content) yield { chunk: Buffer.from(chunk) };
}

function uploadHandler(
  artifacts: ArtifactService,
  log: Logger,
): handleClientStreamingCall<UploadRequest, UploadResponse> {
  return (call, callback) => {
    receiveUpload(artifacts, call).then(
      (sha256) => callback(null, { sha256 }),
      (error) => callback(toGrpcStatus(error, log)),
    );
  };
}

async function receiveUpload(
  artifacts: ArtifactService,
  call: ServerReadableStream<UploadRequest, UploadResponse>,
): Promise<string> {
  const parts: AsyncIterator<UploadRequest> = call[Symbol.asyncIterator]();
  const header = headerOf(await parts.next());
  await artifacts.upload(header, chunksOf(parts));
  return header.sha256;
}

function headerOf(first: IteratorResult<UploadRequest>): UploadHeader {
  if (first.done !== true && first.value.part?.$case === 'header') return first.value.part.value;
  throw new AbkdError('BAD_REQUEST', 'Cannot receive upload: the first message has no header');
}

/** A sender that goes away makes the iterator throw, so half a content is never taken for the whole. */
async function* chunksOf(parts: AsyncIterator<UploadRequest>): AsyncIterable<Uint8Array> {
  for (let next = await parts.next(); next.done !== true; next = await parts.next()) {
    const { part } = next.value;
    if (part?.$case !== 'chunk') {
      throw new AbkdError('BAD_REQUEST', 'Cannot receive upload: expected a chunk after the header');
    }
    yield part.value;
  }
}
