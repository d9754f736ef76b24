import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { AbkdError } from '../../core/errors.ts';
import { systemClock } from '../clock.ts';
import type { ArtifactContent, ArtifactFiles } from './store.ts';

const chunkBytes = 1024 * 1024;
/** An upload that was last written to so long ago was left behind by a process that died. */
const abandonedAfterMs = 24 * 3_600_000;
const sha256Pattern = /^[0-9a-f]{64}$/;

/** Artifacts in a folder: `<first two digits>/<sha256>`, uploads under `incoming/` until they are complete. */
export async function openLocalArtifacts(folder: string): Promise<ArtifactFiles> {
  const incoming = join(folder, 'incoming');
  await mkdir(incoming, { recursive: true });
  await removeAbandoned(incoming);
  return {
    keep: (content, announced) => keep(folder, join(incoming, randomUUID()), content, announced),
    read: (sha256) => read(pathOf(folder, sha256), sha256),
    remove: (sha256) => rm(pathOf(folder, sha256), { force: true }),
    list: ({ olderThanMs }) => list(folder, olderThanMs),
  };
}

function pathOf(folder: string, sha256: string): string {
  if (!sha256Pattern.test(sha256)) {
    throw new AbkdError('BAD_REQUEST', `Cannot name artifact: "${sha256}", expected a sha256 in lower-case hex`);
  }
  return join(folder, sha256.slice(0, 2), sha256);
}

async function keep(
  folder: string,
  temporary: string,
  content: AsyncIterable<Uint8Array>,
  announced: ArtifactContent,
): Promise<void> {
  const path = pathOf(folder, announced.sha256);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await receive(file, content, announced);
    // The record will say that the content is there; it must survive a power cut that the record survives.
    await file.sync();
    await file.close();
    await mkdir(join(folder, announced.sha256.slice(0, 2)), { recursive: true });
    await rename(temporary, path);
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
}

async function receive(
  file: FileHandle,
  content: AsyncIterable<Uint8Array>,
  announced: ArtifactContent,
): Promise<void> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of content) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > announced.sizeBytes) break;
    hash.update(chunk);
    await file.appendFile(chunk);
  }
  const sha256 = hash.digest('hex');
  if (sizeBytes === announced.sizeBytes && sha256 === announced.sha256) return;
  const found = sizeBytes > announced.sizeBytes ? 'more bytes came' : `${sizeBytes} bytes with sha256 ${sha256} came`;
  throw new AbkdError(
    'BAD_REQUEST',
    `Cannot keep artifact: ${found}, expected ${announced.sizeBytes} bytes with sha256 ${announced.sha256}`,
  );
}

async function* read(path: string, sha256: string): AsyncIterable<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new AbkdError('NOT_FOUND', `Cannot read artifact ${sha256}: its file is not in the artifact folder`);
  }
}

async function list(folder: string, olderThanMs: number): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  const contents = names.map((name) => basename(name)).filter((name) => sha256Pattern.test(name));
  const old: string[] = [];
  for (const sha256 of contents) if (await isOlder(pathOf(folder, sha256), olderThanMs)) old.push(sha256);
  return old;
}

async function removeAbandoned(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    if (await isOlder(path, abandonedAfterMs)) await rm(path, { force: true });
  }
}

/** Whether a file was last written to so long ago. Not so where another coordinator has just removed it. */
async function isOlder(path: string, ageMs: number): Promise<boolean> {
  try {
    return systemClock.now() - (await stat(path)).mtimeMs > ageMs;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
