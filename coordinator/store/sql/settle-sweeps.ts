import type { SweepId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/** Nothing of sweep `s` is on its way. */
const isThrough = `
  NOT EXISTS (SELECT FROM trials t WHERE t.sweep_id = s.id AND t.state IN ('QUEUED', 'RUNNING', 'WAITING'))
  AND NOT EXISTS (SELECT FROM tasks k WHERE k.sweep_id = s.id AND k.search_state = 'OPEN')`;

/**
 * Active sweeps whose trials are all final and whose searches are over.
 *
 * Guarantee: none, it is a look without locks, and most looks end here; `settleSweeps` decides.
 * Index: sweeps_state_idx; trials_sweep_id_state_position_idx (one probe per state and sweep);
 * tasks_sweep_id_ordinal_key.
 * Lock order: none.
 */
export async function findSweepsToSettle(query: Query): Promise<readonly SweepId[]> {
  const rows = await query<{ id: SweepId }>(
    `SELECT s.id FROM sweeps s WHERE s.state IN ('PENDING', 'RUNNING', 'PAUSED') AND ${isThrough}`,
  );
  return rows.map(({ id }) => id);
}

/**
 * Locks those of the sweeps that are active.
 *
 * Guarantee: until the transaction ends no trial of theirs is queued again by a rerun. What was committed before the lock
 * was had, this statement may not have seen: the next one does.
 * Index: sweeps_pkey. Lock order: sweeps only, skipping those that are being claimed from, cancelled or rerun.
 */
export async function lockSweepsToSettle(query: Query, sweeps: readonly SweepId[]): Promise<readonly SweepId[]> {
  const rows = await query<{ id: SweepId }>(
    `SELECT id FROM sweeps
      WHERE id = ANY ($1) AND state IN ('PENDING', 'RUNNING', 'PAUSED')
        FOR NO KEY UPDATE SKIP LOCKED`,
    [sweeps],
  );
  return rows.map(({ id }) => id);
}

/**
 * Gives locked sweeps their final state: CANCELLED where a rerun took up failed trials of a cancelled sweep and left the
 * rest, else COMPLETED, or FAILED where none succeeded.
 *
 * Guarantee: with the lock above, and as a statement of its own, it sees every trial and search as it is; each sweep is
 * settled by one caller.
 * Index: as above, and sweeps_pkey. Lock order: sweeps (held).
 */
export async function settleSweeps(query: Query, locked: readonly SweepId[]): Promise<readonly SweepId[]> {
  const rows = await query<{ id: SweepId }>(
    `UPDATE sweeps s
        SET finished_at = now(),
            state = CASE WHEN EXISTS (SELECT FROM trials t WHERE t.sweep_id = s.id AND t.state = 'CANCELLED')
                           OR EXISTS (SELECT FROM tasks k WHERE k.sweep_id = s.id AND k.search_state = 'STOPPED')
                         THEN 'CANCELLED'::"SweepState"
                         WHEN EXISTS (SELECT FROM trials t WHERE t.sweep_id = s.id AND t.state = 'SUCCEEDED')
                         THEN 'COMPLETED' ELSE 'FAILED' END
      WHERE s.id = ANY ($1) AND ${isThrough}
     RETURNING s.id`,
    [locked],
  );
  return rows.map(({ id }) => id);
}
