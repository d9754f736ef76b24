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
  return async ({ scope, key }, build, signal) => {
    const { path, sha256, metadata } = await find[scope](options, key, build, signal);
    return { path, sha256, metadata };
  };
}

async function hostFile(
  { cache, log }: SharedFilesOptions,
  key: string,
  build: BuildInProcess,
  signal: AbortSignal,
): Promise<StoredFile> {
  const found = await cache.find(key);
  if (found !== null) return found;
  return withHostLock(cache.lockPath(key), signal, async () => {
    const builtMeanwhile = await cache.find(key);
    if (builtMeanwhile !== null) return builtMeanwhile;
    log.info({ key }, 'building host file');
    return buildIntoCache(cache, key, build);
  });
}

async function buildIntoCache(cache: CacheFolder, key: string, build: BuildInProcess): Promise<StoredFile> {
  return intoCache(cache, async (path) => cache.publish(key, path, (await build(path)) ?? null));
}

/** Gives `fill` a new path to write to and to publish; what it leaves there is thrown away. */
async function intoCache(cache: CacheFolder, fill: (path: string) => Promise<StoredFile>): Promise<StoredFile> {
  const path = cache.newBuildPath();
  try {
    return await fill(path);
  } finally {
    await cache.discard(path);
  }
}

function artifact(
  options: SharedFilesOptions,
  key: string,
  build: BuildInProcess,
  signal: AbortSignal,
): Promise<StoredFile> {
  return persistently(options, key, signal, () => tryArtifact(options, key, build, signal));
}

/** @throws {AbkdError} MISSING_DATA where the coordinator stores no content with this hash */
function content(
  options: SharedFilesOptions,
  sha256: string,
  _build: BuildInProcess,
  signal: AbortSignal,
): Promise<StoredFile> {
  return persistently(options, sha256, signal, () => fetchContent(options, sha256));
}

/** Asks until the file is here. Connection failures only cost time; the trial's own limits end the waiting. */
async function persistently(
  options: SharedFilesOptions,
  key: string,
  signal: AbortSignal,
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
      options.log.warn({ key, reason: error.message }, 'artifact not reached, asking again');
      await sleep(retryMs, signal);
    }
  }
}

/** Null where the answer was to wait, after waiting. */
async function tryArtifact(
  options: SharedFilesOptions,
  key: string,
  build: BuildInProcess,
  signal: AbortSignal,
): Promise<StoredFile | null> {
  const client = connected(options, key);
  const state = await claimArtifact(client, key, options.workerId);
  switch (state.$case) {
    case 'ready':
      return fetchArtifact(options, client, key, state.value);
    case 'build':
      return buildArtifact(options, key, state.value, build);
    case 'wait':
      await sleep(state.value.retryMs, signal);
      return null;
  }
}

async function fetchArtifact(
  { cache, log }: SharedFilesOptions,
  client: ArtifactServiceClient,
  key: string,
  ready: ArtifactReady,
): Promise<StoredFile> {
  const metadata: unknown = JSON.parse(ready.metadata);
  const found = await cache.findContent(ready.sha256);
  if (found !== null) return { ...found, sha256: ready.sha256, metadata };
  log.info({ key, sha256: ready.sha256, sizeBytes: ready.sizeBytes }, 'downloading artifact');
  return intoCache(cache, async (path) => {
    await downloadArtifact(client, { key }, path);
    return cache.publish(key, path, metadata, ready.sha256);
  });
}

/** Content is the same everywhere, so what the host has needs no coordinator. */
async function fetchContent(options: SharedFilesOptions, sha256: string): Promise<StoredFile> {
  const { cache, log } = options;
  const key = `sha256:${sha256}`;
  const found = await cache.findContent(sha256);
  if (found !== null) return { ...found, sha256, metadata: null };
  log.info({ key }, 'downloading content');
  return intoCache(cache, async (path) => {
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
  key: string,
  { token, leaseMs }: ArtifactBuild,
  build: BuildInProcess,
): Promise<StoredFile> {
  const { cache, log } = options;
  const renewal = setInterval(() => {
    const logged = (error: Error) => log.warn({ key, reason: error.message }, 'artifact lease not renewed');
    Promise.resolve()
      .then(() => renewBuild(connected(options, key), key, token))
      .catch(logged);
  }, leaseMs / 3);
  try {
    log.info({ key }, 'building artifact');
    const file = (await cache.find(key)) ?? (await buildIntoCache(cache, key, build));
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
