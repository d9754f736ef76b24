/**
 * Marks of use on the files of a cache folder: what was used last is evicted last, and what somebody has open is not
 * evicted at all. The mark is the file's access time, set by hand because many systems are mounted without keeping it.
 * It works between processes and hosts, and needs no cleaning up after a process that was killed.
 */
import { stat, utimes } from 'node:fs/promises';
import { systemClock } from '../platform/clock.ts';

const renewMs = 30_000;
/** Older marks mean that nobody has the file open: four renewals were missed. */
const inUseMs = 120_000;

/** False where the file is gone. A file of another user cannot be marked: only its place in the order is lost. */
export async function markUsed(path: string): Promise<boolean> {
  try {
    const { mtime } = await stat(path);
    await utimes(path, new Date(systemClock.now()), mtime);
    return true;
  } catch (error) {
    if (isVanished(error)) return false;
    if ((error as NodeJS.ErrnoException).code === 'EPERM') return true;
    throw error;
  }
}

/** Marks a file as used until the result is disposed or the process ends. */
export function keepUsed(path: string): Disposable {
  const mark = () => {
    // The next renewal may do better, and whoever has the file open goes on reading it.
    markUsed(path).catch(() => undefined);
  };
  mark();
  const renewal = setInterval(mark, renewMs);
  renewal.unref();
  return { [Symbol.dispose]: () => clearInterval(renewal) };
}

/** True where the file was marked so lately that somebody may have it open. */
export function isInUse({ usedAtMs }: { readonly usedAtMs: number }): boolean {
  return systemClock.now() - usedAtMs < inUseMs;
}

/** How often a file that vanishes between being found and being opened is asked for. */
const attempts = 3;

/**
 * What `open` makes of the file that `find` finds. Another process may evict a file just before it is opened: then it is
 * asked for again, which builds or fetches it again.
 */
export async function openFound<File, Opened>(
  find: () => Promise<File>,
  open: (file: File) => Promise<Opened>,
): Promise<Opened> {
  for (let attempt = 1; ; attempt += 1) {
    const file = await find();
    try {
      return await open(file);
    } catch (error) {
      if (attempt === attempts || !isVanished(error)) throw error;
    }
  }
}

/** True for an error that says, or was caused by one that says, that there is no such file. */
function isVanished(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (error as NodeJS.ErrnoException).code === 'ENOENT' || isVanished(error.cause);
}
