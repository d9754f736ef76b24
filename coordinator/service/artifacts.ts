import { AbkdError } from '../../core/errors.ts';
import { isUuid, type WorkerId } from '../../core/ids.ts';
import type { ArtifactFiles } from '../../platform/artifacts/store.ts';
import type { Events } from '../events.ts';
import type { ArtifactClaim, Store } from '../store/store.ts';

/** Who builds which artifact, and their contents. */
export interface ArtifactService {
  claim(key: string, workerId: string): Promise<ArtifactClaim>;
  /** @throws {AbkdError} LEASE_LOST */
  renew(key: string, token: string): Promise<void>;
  abandon(key: string, token: string): Promise<void>;
  /** Returns once file and record are there. @throws {AbkdError} LEASE_LOST, BAD_REQUEST, PAYLOAD_TOO_LARGE */
  upload(header: UploadHeader, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** @throws {AbkdError} NOT_FOUND */
  download(key: string): Promise<AsyncIterable<Uint8Array>>;
  /** Content by its hash, under whatever key it was stored. @throws {AbkdError} BAD_REQUEST, NOT_FOUND */
  downloadContent(sha256: string): AsyncIterable<Uint8Array>;
}

export interface UploadHeader {
  readonly key: string;
  readonly token: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** JSON text. */
  readonly metadata: string;
}

/** Largest artifact: a teacher of 2 billion float32 weights. */
const maxSizeBytes = 8 * 2 ** 30;
/** `teacher:<hash of its recipe>`, and the like. */
const keyPattern = /^[a-z][a-z0-9-]{0,31}:[A-Za-z0-9._-]{1,200}$/;

export function createArtifactService(options: {
  readonly store: Store;
  readonly files: ArtifactFiles;
  readonly events: Events;
  readonly leaseMs: number;
}): ArtifactService {
  const { store, files, events, leaseMs } = options;
  const renew = async (key: string, token: string) => {
    assertKey(key);
    if (isUuid(token) && (await store.renewArtifact(key, token, leaseMs))) return;
    throw leaseLost('renew the build of', key);
  };
  return {
    claim: async (key, workerId) => {
      assertKey(key);
      if (!isUuid(workerId)) {
        throw new AbkdError('BAD_REQUEST', `Cannot claim artifact "${key}": worker_id is not a UUID`);
      }
      return store.claimArtifact({ key, workerId: workerId as WorkerId, leaseMs });
    },
    renew,
    abandon: async (key, token) => {
      assertKey(key);
      if (isUuid(token)) await store.abandonArtifact(key, token);
    },
    upload: async (header, content) => {
      const { key, token, sha256, sizeBytes } = header;
      const metadata = readMetadata(header);
      assertSize(header);
      // Before the content: a builder that lost its lease should not send gigabytes to learn it.
      await renew(key, token);
      await files.keep(content, { sha256, sizeBytes });
      const stored = await store.finishArtifact(key, token, { sha256, sizeBytes, metadata });
      if (!stored) throw leaseLost('store', key);
      events.artifactStored(key, { sha256, sizeBytes });
    },
    download: async (key) => {
      assertKey(key);
      const found = await store.findArtifact(key);
      if (found === null) throw new AbkdError('NOT_FOUND', `Cannot download artifact "${key}": there is none`);
      return files.read(found.sha256);
    },
    downloadContent: (sha256) => files.read(sha256),
  };
}

function assertKey(key: string): void {
  if (keyPattern.test(key)) return;
  throw new AbkdError(
    'BAD_REQUEST',
    `Cannot use artifact key ${JSON.stringify(key.slice(0, 80))}: expected KIND:NAME of letters, digits, ".", "_", "-"`,
  );
}

function assertSize({ key, sizeBytes }: UploadHeader): void {
  if (sizeBytes <= maxSizeBytes) return;
  throw new AbkdError(
    'PAYLOAD_TOO_LARGE',
    `Cannot store artifact "${key}": ${sizeBytes} bytes, expected at most ${maxSizeBytes}`,
  );
}

function readMetadata({ key, metadata }: UploadHeader): unknown {
  try {
    return metadata === '' ? null : JSON.parse(metadata);
  } catch (error) {
    throw new AbkdError('BAD_REQUEST', `Cannot store artifact "${key}": its metadata is not JSON`, { cause: error });
  }
}

function leaseLost(action: string, key: string): AbkdError {
  return new AbkdError('LEASE_LOST', `Cannot ${action} artifact "${key}": the lease of the build is lost`);
}
