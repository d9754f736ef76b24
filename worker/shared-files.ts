/**
 * Serves the trials' requests for files that are built once: per host under a lock of the cache folder, or for all
 * hosts under a lease of the coordinator; and for content that the coordinator stores already.
 */
import { AbkdError } from '../core/errors.ts';
import { sleep } from '../platform/async.ts';
import type { Logger } from '../platform/logger.ts';
import type { ArtifactBuild, ArtifactReady, ArtifactServiceClient } from '../proto/gen/abkd/v1/worker.ts';
import { abandonBuild, claimArtifact, downloadArtifact, renewBuild, uploadArtifact } from './artifacts.ts';
import type { CacheFolder, StoredFile } from './cache-folder.ts';
import { withHostLock } from './host-lock.ts';
import type { BuildInProcess, FindSharedFile } from './shared-file-relay.ts';

export interface SharedFilesOptions {
  readonly cache: CacheFolder;
  readonly workerId: string;
  /** Of the present session; null while there is none. */
  readonly artifacts: () => ArtifactServiceClient | null;
  readonly log: Logger;
}

/** Pause after a failure of the connection, milliseconds. */
const retryMs = 500;

export function createSharedFiles(options: SharedFilesOptions): FindSharedFile {
  const find = { host: hostFile, artifact, content };
  return async ({ scope, key, expectedBytes }, build, signal) => {
    const { path, sha256, metadata } = await find[scope](options, { key, expectedBytes, build, signal });
    return { path, sha256, metadata };
  };
}

/** One request of a trial. */
interface Wanted {
  readonly key: string;
  /** Size of the file if it is built or downloaded; 0 where nobody knows. */
  readonly expectedBytes: number;
  readonly build: BuildInProcess;
  readonly signal: AbortSignal;
}

async function hostFile(options: SharedFilesOptions, wanted: Wanted): Promise<StoredFile> {
  const { cache, log } = options;
  const { key, signal } = wanted;
  const found = await cache.find(key);
  if (found !== null) return found;
  return withHostLock(cache.lockPath(key), signal, async () => {
    const builtMeanwhile = await cache.find(key);
    if (builtMeanwhile !== null) return builtMeanwhile;
    log.info({ key }, 'building host file');
    return buildIntoCache(options, wanted);
  });
}

function buildIntoCache(options: SharedFilesOptions, wanted: Wanted): Promise<StoredFile> {
  const { key, build } = wanted;
  return intoCache(options, wanted, async (path) => options.cache.publish(key, path, (await build(path)) ?? null));
}

/** Gives `fill` a path with room to write to and to publish; what it leaves there is thrown away. */
async function intoCache(
  { cache, log }: SharedFilesOptions,
  { key, expectedBytes, signal }: Wanted,
  fill: (path: string) => Promise<StoredFile>,
): Promise<StoredFile> {
  const { path, ...room } = await cache.reserve(expectedBytes, signal);
  const sizes = { key, expectedBytes, ...room, maxBytes: cache.maxBytes };
  if (room.totalBytes > cache.maxBytes)
    log.warn(sizes, 'cache folder grows beyond its bound: no more of it can be evicted');
  else if (room.evictedFiles > 0) log.info(sizes, 'evicted what was not used for longest');
  try {
    return await fill(path);
  } finally {
    await cache.discard(path);
  }
}

function artifact(options: SharedFilesOptions, wanted: Wanted): Promise<StoredFile> {
  return persistently(options, wanted, () => tryArtifact(options, wanted));
}

/** @throws {AbkdError} MISSING_DATA where the coordinator stores no content with this hash */
function content(options: SharedFilesOptions, wanted: Wanted): Promise<StoredFile> {
  return persistently(options, wanted, () => fetchContent(options, wanted));
}

/** Asks until the file is here. Connection failures only cost time; the trial's own limits end the waiting. */
async function persistently(
  { log }: SharedFilesOptions,
  { key, signal }: Wanted,
  ask: () => Promise<StoredFile | null>,
): Promise<StoredFile> {
  for (;;) {
    signal.throwIfAborted();
    try {
      const file = await ask();
      if (file !== null) return file;
    } catch (error) {
      const passing = error instanceof AbkdError && (error.retryable || error.code === 'LEASE_LOST');
      if (!passing) throw error;
      log.warn({ key, reason: error.message }, 'artifact not reached, asking again');
      await sleep(retryMs, signal);
    }
  }
}

/** Null where the answer was to wait, after waiting. */
async function tryArtifact(options: SharedFilesOptions, wanted: Wanted): Promise<StoredFile | null> {
  const { key, signal } = wanted;
  const client = connected(options, key);
  const state = await claimArtifact(client, key, options.workerId);
  switch (state.$case) {
    case 'ready':
      return fetchArtifact(options, client, wanted, state.value);
    case 'build':
      return buildArtifact(options, wanted, state.value);
    case 'wait':
      await sleep(state.value.retryMs, signal);
      return null;
  }
}

async function fetchArtifact(
  options: SharedFilesOptions,
  client: ArtifactServiceClient,
  wanted: Wanted,
  { sha256, sizeBytes, metadata: text }: ArtifactReady,
): Promise<StoredFile> {
  const { cache, log } = options;
  const { key } = wanted;
  const metadata: unknown = JSON.parse(text);
  const found = await cache.findContent(sha256);
  if (found !== null) return { ...found, sha256, metadata };
  log.info({ key, sha256, sizeBytes }, 'downloading artifact');
  return intoCache(options, { ...wanted, expectedBytes: sizeBytes }, async (path) => {
    await downloadArtifact(client, { key }, path);
    return cache.publish(key, path, metadata, sha256);
  });
}

/** Content is the same everywhere, so what the host has needs no coordinator. */
async function fetchContent(options: SharedFilesOptions, wanted: Wanted): Promise<StoredFile> {
  const { cache, log } = options;
  const sha256 = wanted.key;
  const key = `sha256:${sha256}`;
  const found = await cache.findContent(sha256);
  if (found !== null) return { ...found, sha256, metadata: null };
  log.info({ key }, 'downloading content');
  return intoCache(options, wanted, async (path) => {
    await downloadArtifact(connected(options, key), { sha256 }, path).catch((error) => {
      throw isNotFound(error) ? unknownContent(sha256, error) : error;
    });
    return cache.publish(key, path, null, sha256);
  });
}

function isNotFound(error: unknown): boolean {
  return error instanceof AbkdError && error.code === 'NOT_FOUND';
}

function unknownContent(sha256: string, cause: unknown): AbkdError {
  return new AbkdError(
    'MISSING_DATA',
    `Cannot find artifact:sha256:${sha256}: the coordinator stores no content with this hash, expected that of a teacher or of weights that it has received`,
    { cause },
  );
}

/** @throws {AbkdError} UNAVAILABLE while there is no session */
function connected({ artifacts }: SharedFilesOptions, key: string): ArtifactServiceClient {
  const client = artifacts();
  if (client === null) throw new AbkdError('UNAVAILABLE', `Cannot reach artifact "${key}": no coordinator`);
  return client;
}

/** Builds (or takes what this host built before) and uploads, renewing the lease meanwhile; gives it up on failure. */
async function buildArtifact(
  options: SharedFilesOptions,
  wanted: Wanted,
  { token, leaseMs }: ArtifactBuild,
): Promise<StoredFile> {
  const { cache, log } = options;
  const { key } = wanted;
  const renewal = setInterval(() => {
    const logged = (error: Error) => log.warn({ key, reason: error.message }, 'artifact lease not renewed');
    Promise.resolve()
      .then(() => renewBuild(connected(options, key), key, token))
      .catch(logged);
  }, leaseMs / 3);
  try {
    log.info({ key }, 'building artifact');
    const file = (await cache.find(key)) ?? (await buildIntoCache(options, wanted));
    const { sha256, sizeBytes } = file;
    const metadata = JSON.stringify(file.metadata ?? null);
    await uploadArtifact(connected(options, key), { key, token, sha256, sizeBytes, metadata }, file.path);
    return file;
  } catch (error) {
    await giveUp(options, key, token);
    throw error;
  } finally {
    clearInterval(renewal);
  }
}

/** Lets another worker try at once; where that fails too the lease runs out by itself. */
async function giveUp({ artifacts, log }: SharedFilesOptions, key: string, token: string): Promise<void> {
  const client = artifacts();
  if (client === null) return;
  await abandonBuild(client, key, token).catch((error: Error) => {
    log.warn({ key, reason: error.message }, 'build not abandoned, its lease will run out');
  });
}
