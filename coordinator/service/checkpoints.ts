import type { AttemptKey } from '../../core/attempt.ts';
import type { CheckpointRef } from '../../core/checkpoint.ts';
import { AbkdError } from '../../core/errors.ts';
import type { ArtifactFiles } from '../../platform/artifacts/store.ts';
import type { Events } from '../events.ts';
import type { Store } from '../store/store.ts';

/** Where interrupted trials go on: one checkpoint per trial, its file beside the artifacts. */
export interface CheckpointService {
  /**
   * Returns once file and record are there and the former file is gone.
   * @throws {AbkdError} LEASE_LOST where the attempt no longer owns its trial; BAD_REQUEST, PAYLOAD_TOO_LARGE
   */
  save(key: AttemptKey, checkpoint: CheckpointRef, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** @throws {AbkdError} NOT_FOUND */
  load(key: AttemptKey): Promise<AsyncIterable<Uint8Array>>;
  /** Removes what belongs to trials that are over. */
  forgetFinished(): Promise<void>;
  /** Removes files that no record names: their coordinator died before it could. */
  removeLeftovers(): Promise<void>;
}

/** Largest checkpoint: a student of 500 million float32 weights with the two moments of AdamW. */
const maxSizeBytes = 8 * 2 ** 30;
/** A file without a record is a leftover after so long; before, its record may be about to be written. */
const leftoverAfterMs = 600_000;
/** Files that are looked up at once. */
const batchSize = 1_000;

export function createCheckpointService(options: {
  readonly store: Store;
  readonly files: ArtifactFiles;
  readonly events: Events;
}): CheckpointService {
  const { store, files, events } = options;
  const removeUnnamed = async (contents: readonly string[]) => {
    for (const sha256 of await store.findUnnamedCheckpoints(contents)) await files.remove(sha256);
  };
  return {
    save: async (key, checkpoint, content) => {
      assertSize(checkpoint);
      // Before the content: an attempt that lost its lease should not send gigabytes to learn it.
      if (!(await store.ownsTrial(key))) throw leaseLost(key);
      await files.keep(content, checkpoint);
      const { saved, former } = await store.saveCheckpoint(key, checkpoint);
      await removeUnnamed([saved ? former : checkpoint.sha256].filter((sha256) => sha256 !== null));
      if (!saved) throw leaseLost(key);
      events.checkpointSaved(key, checkpoint);
    },
    load: async ({ trialId }) => {
      const sha256 = await store.findCheckpoint(trialId);
      if (sha256 !== null) return files.read(sha256);
      throw new AbkdError('NOT_FOUND', `Cannot load the checkpoint of trial "${trialId}": there is none`);
    },
    forgetFinished: async () => removeUnnamed(await store.forgetCheckpoints()),
    removeLeftovers: async () => {
      const old = await files.list({ olderThanMs: leftoverAfterMs });
      for (let i = 0; i < old.length; i += batchSize) await removeUnnamed(old.slice(i, i + batchSize));
    },
  };
}

function assertSize({ sizeBytes }: CheckpointRef): void {
  if (sizeBytes <= maxSizeBytes) return;
  throw new AbkdError(
    'PAYLOAD_TOO_LARGE',
    `Cannot save checkpoint: ${sizeBytes} bytes, expected at most ${maxSizeBytes}`,
  );
}

function leaseLost({ trialId, attempt }: AttemptKey): AbkdError {
  return new AbkdError(
    'LEASE_LOST',
    `Cannot save the checkpoint of trial "${trialId}": attempt ${attempt} does not own the trial, or has saved a later step`,
  );
}
