import { createCheckpointVerbs } from './checkpoints.ts';
import { openDatabase, type StoreOptions } from './database.ts';
import { createLeaseVerbs } from './leases.ts';
import { createSearchVerbs } from './searches.ts';
import { createStoppingVerbs } from './stopping.ts';
import type { Store } from './store.ts';
import { createSweepVerbs } from './sweeps.ts';
import { createTrialVerbs } from './trials.ts';
import { createArtifactVerbs, createWorkerVerbs } from './workers.ts';

/**
 * The store on PostgreSQL: Prisma for ordinary reading, one SQL file per statement that must be exact. Connects with
 * the first call. Every verb throws {AbkdError} UNAVAILABLE where the database cannot be reached at present, and
 * INTERNAL, without the database's words, where it refuses.
 *
 * Locks are always taken in the order sweep, trial, attempt, so that no two transactions wait for each other:
 *
 *  cancel   sweep FOR UPDATE          waits for all below, and they for it
 *  rerun    sweep FOR UPDATE          like a cancel
 *  claim    sweep FOR NO KEY UPDATE   one claimer per sweep at a time
 *  append   sweep FOR NO KEY UPDATE   like a claim; then its task
 *  settle   sweep FOR NO KEY UPDATE   skips what is locked
 *  end      sweep FOR KEY SHARE       any number, also beside a claim
 *  decide   sweep FOR KEY SHARE       any number; then the waiting trials of the points
 *  expire   sweep FOR KEY SHARE       skips what is locked
 */
export function openStore(options: StoreOptions): Store {
  const database = openDatabase(options);
  return {
    ...createSweepVerbs(database),
    ...createSearchVerbs(database),
    ...createStoppingVerbs(database),
    ...createLeaseVerbs(database),
    ...createCheckpointVerbs(database),
    ...createTrialVerbs(database),
    ...createWorkerVerbs(database),
    ...createArtifactVerbs(database),
    ping: () =>
      database.during('reach the database', async () => {
        await database.query('SELECT 1');
      }),
    close: database.close,
  };
}
