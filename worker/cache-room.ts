/** Room in a cache folder: how much there may be, and who has to go for more. */
import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isInUse } from './used-files.ts';

/** What there is in a cache folder once a build has its room. */
export interface Room {
  /** All content and all builds with the new one, bytes; more than the bound where too much is in use. */
  readonly totalBytes: number;
  readonly evictedFiles: number;
  readonly evictedBytes: number;
}

export interface RoomOptions {
  /** Folders of finished content and of builds. */
  readonly content: string;
  readonly building: string;
  readonly maxBytes: number;
}

interface HeldFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly usedAtMs: number;
}

const mostBytes = 50e9;
const shareOfDisk = 0.2;

/** 50 GB, or 20 % of what is free on the disk of `root` where that is less; what `folders` hold already counts as free. */
export async function defaultMaxBytes(root: string, folders: readonly string[]): Promise<number> {
  const { bavail, bsize } = await statfs(root);
  const held = await Promise.all(folders.map(listFiles));
  return Math.floor(Math.min(mostBytes, shareOfDisk * (bavail * bsize + sizeOf(held.flat()))));
}

/** Evicts content, least recently used first, until `sizeBytes` more stay within the bound or all the rest is in use. */
export async function makeRoom(sizeBytes: number, { content, building, maxBytes }: RoomOptions): Promise<Room> {
  const files = [...(await listFiles(content))].sort((a, b) => a.usedAtMs - b.usedAtMs);
  let totalBytes = sizeOf(files) + sizeOf(await listFiles(building)) + sizeBytes;
  let evictedFiles = 0;
  let evictedBytes = 0;
  for (const file of files) {
    if (totalBytes <= maxBytes) break;
    if (!(await evict(file))) continue;
    totalBytes -= file.sizeBytes;
    evictedFiles += 1;
    evictedBytes += file.sizeBytes;
  }
  return { totalBytes, evictedFiles, evictedBytes };
}

/** False where the file is in use, maybe only since it was listed. */
async function evict({ path }: HeldFile): Promise<boolean> {
  const file = await statFile(path);
  if (file === null || isInUse(file)) return false;
  await rm(path, { force: true });
  return true;
}

async function listFiles(folder: string): Promise<readonly HeldFile[]> {
  const files = await Promise.all((await readdir(folder)).map((name) => statFile(join(folder, name))));
  return files.filter((file) => file !== null);
}

/** Null where the file is gone. */
async function statFile(path: string): Promise<HeldFile | null> {
  try {
    const { size, atimeMs } = await stat(path);
    return { path, sizeBytes: size, usedAtMs: atimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function sizeOf(files: readonly HeldFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
