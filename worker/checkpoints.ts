/**
 * Carries the checkpoints of running trials to the coordinator, and one back before a trial goes on. A checkpoint is
 * worth some time, never a trial: what cannot be sent or fetched is logged, and the trial does without.
 */
import { stat } from 'node:fs/promises';
import type { TrialAssignment } from '../core/assignment.ts';
import type { AttemptKey } from '../core/attempt.ts';
import type { CheckpointRef } from '../core/checkpoint.ts';
import { AbkdError, messageOf } from '../core/errors.ts';
import { sleep } from '../platform/async.ts';
import type { Logger } from '../platform/logger.ts';
import { attemptToWire } from '../proto/codec/attempt.ts';
import type { CheckpointServiceClient } from '../proto/gen/abkd/v1/worker.ts';
import { type CacheFolder, hashFile } from './cache-folder.ts';
import { downloadFile, uploadFile } from './file-streams.ts';
import { attemptId } from './reporter.ts';
import type { ResumePoint } from './trial/context.ts';

export interface Checkpoints {
  /** Brings the assignment's checkpoint here; null where there is none or it cannot be had. */
  fetch(assignment: TrialAssignment, signal: AbortSignal): Promise<ResumePoint | null>;
  /** Takes a file over and sends it. One of the same attempt that still waits has become useless. */
  send(key: AttemptKey, written: ResumePoint): void;
  /** Resolves when nothing of the attempt is on its way any more, or so many milliseconds have passed. */
  flush(key: AttemptKey, withinMs?: number): Promise<void>;
  /** Sends no more of the attempt. */
  drop(key: AttemptKey): void;
  /** Throws away what was fetched. */
  discard(fetched: ResumePoint): Promise<void>;
}

export interface CheckpointsOptions {
  readonly cache: Pick<CacheFolder, 'reserve' | 'discard'>;
  /** Of the present session; null while there is none. */
  readonly connection: () => CheckpointServiceClient | null;
  /** Resolves when what the attempt has reported so far is on record: a checkpoint never runs ahead of the curve. */
  readonly reported: (key: AttemptKey) => Promise<void>;
  readonly log: Logger;
}

/** How long the end of an attempt waits for its last checkpoint, milliseconds. */
export const lastUploadMs = 4_000;
/** Pause after a failure of the connection, milliseconds. */
const retryMs = 500;

/** What is on its way of one attempt: a file that is being sent, and the next one. */
interface Sending {
  next: ResumePoint | null;
  readonly stop: AbortController;
  done: Promise<void>;
}

export function createCheckpoints(options: CheckpointsOptions): Checkpoints {
  const { cache } = options;
  const sendings = new Map<string, Sending>();
  const sendAll = async (key: AttemptKey, sending: Sending) => {
    while (sending.next !== null) {
      const file = sending.next;
      sending.next = null;
      await sendOne(options, key, file, sending);
      await cache.discard(file.path);
    }
    sendings.delete(attemptId(key));
  };
  return {
    fetch: (assignment, signal) => fetchCheckpoint(options, assignment, signal),
    send: (key, written) => {
      const present = sendings.get(attemptId(key));
      if (present === undefined) {
        const sending: Sending = { next: written, stop: new AbortController(), done: Promise.resolve() };
        sendings.set(attemptId(key), sending);
        sending.done = sendAll(key, sending);
      } else {
        if (present.next !== null) void cache.discard(present.next.path);
        present.next = written;
      }
    },
    flush: async (key, withinMs) => {
      const done = sendings.get(attemptId(key))?.done;
      if (done === undefined) return;
      if (withinMs === undefined) return done;
      const over = new AbortController();
      await Promise.race([done, sleep(withinMs, over.signal)]);
      over.abort();
    },
    drop: (key) => sendings.get(attemptId(key))?.stop.abort(),
    discard: ({ path }) => cache.discard(path),
  };
}

/** Tries over failures of the connection, until a newer checkpoint waits or nobody wants any. */
async function sendOne(
  options: CheckpointsOptions,
  key: AttemptKey,
  file: ResumePoint,
  sending: Sending,
): Promise<void> {
  const { signal } = sending.stop;
  const ids = { trialId: key.trialId, attempt: key.attempt, step: file.step };
  await options.reported(key);
  while (!signal.aborted && sending.next === null) {
    try {
      await upload(connected(options), key, file, signal);
      return options.log.info(ids, 'checkpoint saved');
    } catch (error) {
      if (signal.aborted) return;
      options.log.warn({ ...ids, reason: messageOf(error) }, 'checkpoint not saved');
      if (!isPassing(error)) return;
      await sleep(retryMs, signal);
    }
  }
}

async function upload(
  client: CheckpointServiceClient,
  key: AttemptKey,
  { step, path }: ResumePoint,
  signal: AbortSignal,
): Promise<void> {
  const { size: sizeBytes } = await stat(path);
  const header = { attempt: attemptToWire(key), checkpoint: { step, sha256: await hashFile(path), sizeBytes } };
  await uploadFile('save checkpoint', (done) => client.saveCheckpoint(done), header, path, signal);
}

/** Failures of the connection only cost time; the trial waits with nothing else to do. */
async function fetchCheckpoint(
  options: CheckpointsOptions,
  assignment: TrialAssignment,
  signal: AbortSignal,
): Promise<ResumePoint | null> {
  const { checkpoint, trialId, attempt } = assignment;
  if (checkpoint === null) return null;
  const { step } = checkpoint;
  while (!signal.aborted) {
    const { path } = await options.cache.reserve(checkpoint.sizeBytes, signal);
    try {
      await download(connected(options), assignment, checkpoint, path);
      options.log.info({ trialId, attempt, step }, 'checkpoint fetched');
      return { step, path };
    } catch (error) {
      await options.cache.discard(path);
      options.log.warn({ trialId, attempt, step, reason: messageOf(error) }, 'checkpoint not fetched');
      if (!isPassing(error)) return null;
      await sleep(retryMs, signal);
    }
  }
  return null;
}

async function download(
  client: CheckpointServiceClient,
  key: AttemptKey,
  expected: CheckpointRef,
  path: string,
): Promise<void> {
  const stream = client.loadCheckpoint({ attempt: attemptToWire(key) });
  await downloadFile('load checkpoint', stream, path, expected.sizeBytes);
  const sha256 = await hashFile(path);
  if (sha256 === expected.sha256) return;
  throw new AbkdError('INTERNAL', `Cannot use checkpoint: its sha256 is ${sha256}, expected ${expected.sha256}`);
}

function connected({ connection }: CheckpointsOptions): CheckpointServiceClient {
  const client = connection();
  if (client === null) throw new AbkdError('UNAVAILABLE', 'Cannot reach the coordinator: there is no connection');
  return client;
}

function isPassing(error: unknown): boolean {
  return error instanceof AbkdError && error.retryable;
}
