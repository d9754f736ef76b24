import type { Logger } from '../../platform/logger.ts';
import type {
  ArtifactServiceServer,
  ClaimResponse,
  DownloadRequest,
  DownloadResponse,
} from '../../proto/gen/abkd/v1/worker.ts';
import type { ArtifactService, UploadHeader } from '../service/artifacts.ts';
import type { ArtifactClaim } from '../store/store.ts';
import { serverStream, unary } from './handlers.ts';
import { upload } from './uploads.ts';

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
    upload: upload(log, async (header: UploadHeader, content) => {
      await artifacts.upload(header, content);
      return { sha256: header.sha256 };
    }),
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
