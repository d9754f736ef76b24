/**
 * A lock between the agents of a host (or of several hosts with one cache folder): a file made exclusively, naming its
 * owner. It saves work, it guards nothing: two owners would build the same content twice, and content is published by
 * an atomic rename. A lock is stale when its owner, told apart by its start time, is gone; the lock of another host
 * when its owner has not touched it for `otherHostStaleMs` while we watched.
 */

import { randomUUID } from 'node:crypto';
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { sleep } from '../platform/async.ts';
import { systemClock } from '../platform/clock.ts';
import { readProcessIdentity } from '../platform/process-identity.ts';

const ownerSchema = z.object({ host: z.string(), pid: z.number(), identity: z.string(), token: z.string() });

const pollMs = 200;
const touchMs = 5_000;
const otherHostStaleMs = 60_000;
/** Breaking takes milliseconds; a guard this old was left by a breaker that died over it. */
const abandonedGuardMs = 10_000;

/**
 * Runs `work` while holding the lock file at `path`, after waiting for it.
 * @throws the signal's reason when it aborts while waiting
 */
export async function withHostLock<Value>(
  path: string,
  signal: AbortSignal,
  work: () => Promise<Value>,
): Promise<Value> {
  const token = randomUUID();
  const watch = createWatch(path);
  while (!(await tryLock(path, token))) {
    if (await watch.isStale()) await breakLock(path, watch.seen(), signal);
    else await sleep(pollMs, signal);
    signal.throwIfAborted();
  }
  const touch = setInterval(() => {
    const now = new Date(systemClock.now());
    utimes(path, now, now).catch(ignoreMissing);
  }, touchMs);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    if ((await readLock(path))?.includes(token)) await rm(path, { force: true });
  }
}

async function tryLock(path: string, token: string): Promise<boolean> {
  const identity = (await readProcessIdentity(process.pid)) ?? '';
  return createFile(path, JSON.stringify({ host: hostname(), pid: process.pid, identity, token }));
}

/** Watches somebody else's lock. */
function createWatch(path: string) {
  let content: string | null = null;
  let touchedAt = 0;
  let unchangedSince = systemClock.now();
  return {
    seen: () => content,
    isStale: async (): Promise<boolean> => {
      const nextContent = await readLock(path);
      const nextTouchedAt = nextContent === null ? 0 : await readTouchTime(path);
      if (nextContent !== content || nextTouchedAt !== touchedAt) unchangedSince = systemClock.now();
      content = nextContent;
      touchedAt = nextTouchedAt;
      if (content === null) return false;
      const unchangedMs = systemClock.now() - unchangedSince;
      const owner = parseOwner(content);
      if (owner === null || owner.host !== hostname()) return unchangedMs > otherHostStaleMs;
      return (await readProcessIdentity(owner.pid)) !== owner.identity;
    },
  };
}

/**
 * Removes a stale lock. One breaker at a time, which looks again before it removes: a lock that somebody made after the
 * stale one was broken is not touched.
 */
async function breakLock(path: string, judged: string | null, signal: AbortSignal): Promise<void> {
  const guard = `${path}.breaking`;
  if (!(await createFile(guard, ''))) {
    const untouchedMs = systemClock.now() - (await readTouchTime(guard));
    if (untouchedMs > abandonedGuardMs) await rm(guard, { force: true });
    else await sleep(pollMs, signal);
    return;
  }
  try {
    if ((await readLock(path)) === judged) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

/** False where there is such a file already. */
async function createFile(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function readLock(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    ignoreMissing(error);
    return null;
  }
}

/** 0 where the lock is gone. */
async function readTouchTime(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    ignoreMissing(error);
    return 0;
  }
}

/** Null where the content is cut short: its owner died, or is about to finish, writing it. */
function parseOwner(content: string) {
  try {
    return ownerSchema.parse(JSON.parse(content));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
