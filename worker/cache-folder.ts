/**
 * The files that a host keeps: content under its own hash, and one small record per key that points to it.
 *
 *   content/<sha256>         never changes; put there by a rename, so it is whole or absent
 *   records/<key>.json       { key, sha256, sizeBytes, metadata }, replaced by a rename
 *   building/<pid>-<uuid>    being written; as long from the start as it will be, which reserves its room
 *   locks/<key>              worker/host-lock.ts
 *
 * Content is evicted, least recently used first, when room is needed for more (worker/cache-room.ts). Whoever found a
 * file may therefore find it gone when it opens it, and asks again; who has it open goes on reading it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AbkdError } from '../core/errors.ts';
import { systemClock } from '../platform/clock.ts';
import { readProcessIdentity } from '../platform/process-identity.ts';
import { defaultMaxBytes, makeRoom, type Room } from './cache-room.ts';
import { withHostLock } from './host-lock.ts';
import type { SharedFile } from './trial/context.ts';
import { markUsed } from './used-files.ts';

export interface CacheFolder {
  /** Bound of what the folder holds, as far as what is in use allows. */
  readonly maxBytes: number;
  /** Folder for files of trial processes. Their names begin with the process's id; they go where it is gone. */
  readonly outgoingDir: string;
  /** The file of a key, checked and marked as used; null where there is none or it is damaged. */
  find(key: string): Promise<StoredFile | null>;
  /** The content with this hash, checked and marked as used; null where it is missing or damaged. */
  findContent(sha256: string): Promise<{ readonly path: string; readonly sizeBytes: number } | null>;
  /**
   * Makes room for a file of `sizeBytes` (0 where nobody knows) and reserves it: a file of that length is at `path`, to be
   * written over. Waits for others that make room.
   */
  reserve(sizeBytes: number, signal: AbortSignal): Promise<Reservation>;
  /**
   * Takes what was built (or downloaded) at `path` in, under `key`.
   * @throws {AbkdError} INTERNAL where its hash is not the one expected
   */
  publish(key: string, path: string, metadata: unknown, expectedSha256?: string): Promise<StoredFile>;
  /** Throws a build away. */
  discard(path: string): Promise<void>;
  lockPath(key: string): string;
}

export interface Reservation extends Room {
  readonly path: string;
}

export interface StoredFile extends SharedFile {
  readonly sizeBytes: number;
}

const recordSchema = z.strictObject({
  key: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.number(),
  metadata: z.unknown(),
});

/**
 * Opens the folder, making it where needed, and removes builds whose process is gone and records whose content is.
 * `maxBytes` null takes a share of the disk.
 */
export async function openCacheFolder(root: string, maxBytes: number | null): Promise<CacheFolder> {
  const [content, records, building, locks] = ['content', 'records', 'building', 'locks'].map((name) =>
    join(root, name),
  ) as [string, string, string, string];
  for (const folder of [content, records, building, locks]) await mkdir(folder, { recursive: true });
  await removeAbandonedBuilds(building);
  await removeOrphanedRecords(records, content);
  const bound = maxBytes ?? (await defaultMaxBytes(root, [content, building]));
  const isWhole = createContentCheck();

  const findContent = async (sha256: string) => {
    const path = join(content, sha256);
    const sizeBytes = await isWhole(path, sha256);
    return sizeBytes !== null && (await markUsed(path)) ? { path, sizeBytes } : null;
  };
  return {
    maxBytes: bound,
    outgoingDir: building,
    findContent,
    find: async (key) => {
      const record = await readRecord(join(records, `${fileNameOf(key)}.json`));
      const found = record === null ? null : await findContent(record.sha256);
      if (record === null || found === null || found.sizeBytes !== record.sizeBytes) return null;
      return { ...found, sha256: record.sha256, metadata: record.metadata };
    },
    reserve: (sizeBytes, signal) =>
      withHostLock(join(locks, 'room'), signal, async () => {
        const room = await makeRoom(sizeBytes, { content, building, maxBytes: bound });
        const path = join(building, `${process.pid}-${randomUUID()}`);
        await writeFile(path, '');
        await truncate(path, sizeBytes);
        return { path, ...room };
      }),
    publish: async (key, path, metadata, expectedSha256) => {
      const sha256 = await hashFile(path);
      if (expectedSha256 !== undefined && sha256 !== expectedSha256) {
        throw new AbkdError(
          'INTERNAL',
          `Cannot use file "${key}": its sha256 is ${sha256}, expected ${expectedSha256}`,
        );
      }
      const { size: sizeBytes } = await stat(path);
      const target = join(content, sha256);
      // Whole seconds, which marks of use keep exactly: any other time of change means that the content was changed.
      const now = Math.floor(systemClock.now() / 1000);
      await utimes(path, now, now);
      await rename(path, target);
      const draft = join(building, `${process.pid}-${randomUUID()}`);
      await writeFile(draft, JSON.stringify({ key, sha256, sizeBytes, metadata }));
      await rename(draft, join(records, `${fileNameOf(key)}.json`));
      return { path: target, sha256, sizeBytes, metadata };
    },
    discard: (path) => rm(path, { force: true }),
    lockPath: (key) => join(locks, fileNameOf(key)),
  };
}

/** sha256 of a file, hex; read in pieces so that the event loop goes on. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  return hash.digest('hex');
}

/** Keys are letters, digits, `:`, `-`, `.`; a colon is not allowed in the file names of every system. */
function fileNameOf(key: string): string {
  if (!/^[A-Za-z0-9:.-]{1,200}$/.test(key)) {
    throw new AbkdError('INTERNAL', `Cannot share file "${key}": expected a key of letters, digits, ":", "-", "."`);
  }
  return key.replaceAll(':', '_');
}

/**
 * Size of a whole file, null where it is missing or is not what its name says. The hash is computed once per file and
 * process, and again when size or time of the file have changed.
 */
function createContentCheck(): (path: string, sha256: string) => Promise<number | null> {
  const checked = new Map<string, string>();
  return async (path, sha256) => {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (found === null) return null;
    const version = `${found.size}/${found.mtimeMs}/${found.ino}`;
    if (checked.get(path) !== version) {
      if ((await hashFile(path)) !== sha256) return null;
      checked.set(path, version);
    }
    return found.size;
  };
}

async function readRecord(path: string): Promise<z.infer<typeof recordSchema> | null> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    // A record that cannot be read is as good as none: what it names is built again.
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** What was evicted leaves its record, which is no more than a few hundred bytes. */
async function removeOrphanedRecords(records: string, content: string): Promise<void> {
  const held = new Set(await readdir(content));
  for (const name of await readdir(records)) {
    const path = join(records, name);
    const record = await readRecord(path);
    if (record === null || !held.has(record.sha256)) await rm(path, { force: true });
  }
}

async function removeAbandonedBuilds(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number.parseInt(name, 10);
    if ((await readProcessIdentity(pid)) === null) await rm(join(folder, name), { force: true });
  }
}
