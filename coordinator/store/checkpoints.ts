import type { Database } from './database.ts';
import { findCheckpoint, findUnnamed, forgetCheckpoints, ownsTrial, saveCheckpoint } from './sql/save-checkpoint.ts';
import type { Store } from './store.ts';

type CheckpointVerbs = Pick<
  Store,
  'ownsTrial' | 'saveCheckpoint' | 'findCheckpoint' | 'forgetCheckpoints' | 'findUnnamedCheckpoints'
>;

/** The part of the store that knows where trials can go on. */
export function createCheckpointVerbs({ query, during }: Database): CheckpointVerbs {
  return {
    ownsTrial: (key) => during('look for the attempt', () => ownsTrial(query, key)),
    saveCheckpoint: (key, checkpoint) => during('save the checkpoint', () => saveCheckpoint(query, key, checkpoint)),
    findCheckpoint: (trialId) => during('find the checkpoint', () => findCheckpoint(query, trialId)),
    forgetCheckpoints: () => during('forget checkpoints', () => forgetCheckpoints(query)),
    findUnnamedCheckpoints: (contents) => during('find unused checkpoints', () => findUnnamed(query, contents)),
  };
}
