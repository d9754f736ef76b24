/** What `abkd up` leaves in its home for those who come after: its lock, and what it runs. */
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AbkdError } from '../../core/errors.ts';
import { readProcessIdentity } from '../../platform/process-identity.ts';

/** A process that cannot be mistaken for a later one with the same id. */
const processSchema = z.object({ pid: z.int().positive(), identity: z.string() });

const workerSchema = z.object({
  name: z.string(),
  process: processSchema,
  /** Says with what the worker was started: a worker with another text does not fit. */
  fitKey: z.string(),
});

const stateSchema = z.object({
  owner: processSchema,
  version: z.string(),
  httpUrl: z.string(),
  grpcAddress: z.string(),
  workers: z.array(workerSchema).readonly(),
});

export type KnownProcess = z.infer<typeof processSchema>;
export type WorkerRecord = z.infer<typeof workerSchema>;
export type UpState = z.infer<typeof stateSchema>;

const statePath = (home: string) => join(home, 'up.json');
const lockPath = (home: string) => join(home, 'up.lock');

/** The process with this id as it runs now. @throws {AbkdError} NOT_FOUND */
export async function identifyProcess(pid: number): Promise<KnownProcess> {
  const identity = await readProcessIdentity(pid);
  if (identity !== null) return { pid, identity };
  throw new AbkdError('NOT_FOUND', `Cannot identify process ${pid}: it does not run`);
}

/** True where the very same process still runs. */
export async function isRunning(known: KnownProcess): Promise<boolean> {
  return (await readProcessIdentity(known.pid)) === known.identity;
}

/** What the last `abkd up` on this home ran, alive or not; null where it ended in order or never was. */
export async function readState(home: string): Promise<UpState | null> {
  const text = await readIfThere(statePath(home));
  if (text === null) return null;
  const parsed = stateSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new AbkdError(
    'CONFLICT',
    `Cannot read ${statePath(home)}: it is not a state file of this version; stop what runs there and delete the file`,
  );
}

/** The state where its `abkd up` runs at present; else null. */
export async function readRunningState(home: string): Promise<UpState | null> {
  const state = await readState(home);
  return state !== null && (await isRunning(state.owner)) ? state : null;
}

/** Replaces the state file at once: a reader sees the old or the new one, whole. */
export async function writeState(home: string, state: UpState): Promise<void> {
  const draft = `${statePath(home)}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(draft, statePath(home));
}

export async function removeState(home: string): Promise<void> {
  await rm(statePath(home), { force: true });
}

/**
 * Makes this process the only `abkd up` of a home until `release`, or until it dies.
 * @throws {AbkdError} CONFLICT naming the process that has it and its address
 */
export async function claimHome(home: string): Promise<{ release(): Promise<void> }> {
  await mkdir(home, { recursive: true, mode: 0o700 });
  const me = await identifyProcess(process.pid);
  const draft = `${lockPath(home)}.${process.pid}`;
  await writeFile(draft, JSON.stringify(me), { mode: 0o600 });
  try {
    // A link appears with its content or not at all, and only one process can make it.
    while (!(await linkIfFree(draft, lockPath(home)))) await removeStaleLock(home);
  } finally {
    await rm(draft, { force: true });
  }
  return { release: () => rm(lockPath(home), { force: true }) };
}

/** @throws {AbkdError} CONFLICT where the lock's owner runs */
async function removeStaleLock(home: string): Promise<void> {
  const text = await readIfThere(lockPath(home));
  if (text === null) return;
  const owner = processSchema.safeParse(parseJson(text)).data;
  if (owner !== undefined && (await isRunning(owner))) throw await homeTaken(home, owner);
  // Moved aside before it is deleted: had another process replaced it meanwhile, that lock goes back to its place.
  const aside = `${lockPath(home)}.stale.${process.pid}`;
  if (!(await renameIfThere(lockPath(home), aside))) return;
  if ((await readIfThere(aside)) !== text) await linkIfFree(aside, lockPath(home));
  await rm(aside, { force: true });
}

async function homeTaken(home: string, owner: KnownProcess): Promise<AbkdError> {
  const state = await readState(home);
  const where = state?.owner.pid === owner.pid ? `, at ${state.httpUrl}` : ', still starting';
  return new AbkdError('CONFLICT', `Cannot start on ${home}: process ${owner.pid} runs there already${where}`);
}

async function linkIfFree(from: string, to: string): Promise<boolean> {
  return unlessCode('EEXIST', () => link(from, to));
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  return unlessCode('ENOENT', () => rename(from, to));
}

/** False where the call fails with this code. */
async function unlessCode(code: string, call: () => Promise<void>): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
