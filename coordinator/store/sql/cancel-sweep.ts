import type { SweepId } from '../../../core/ids.ts';
import type { SweepState } from '../../../core/sweep.ts';
import type { Query } from '../database.ts';

/**
 * Locks a sweep against everything that moves its trials.
 *
 * Guarantee: until the transaction ends no trial of the sweep is claimed (NO KEY UPDATE) or ended (KEY SHARE).
 * Index: sweeps_pkey. Lock order: sweep, trial, attempt; this is the first.
 */
export async function lockSweepAgainstAll(query: Query, sweepId: SweepId): Promise<SweepState | null> {
  const rows = await query<{ state: SweepState }>('SELECT state FROM sweeps WHERE id = $1 FOR UPDATE', [sweepId]);
  return rows[0]?.state ?? null;
}

/**
 * Cancels a locked sweep, its searches and its trials that no worker holds.
 *
 * Guarantee: with the lock above, afterwards every trial of the sweep is final or RUNNING, and a running one is not
 * queued again.
 * Index: sweeps_pkey; tasks_sweep_id_ordinal_key; trials_sweep_id_state_position_idx. Lock order: sweep, tasks, trials.
 */
export async function cancelSweep(query: Query, sweepId: SweepId): Promise<void> {
  await query(`UPDATE sweeps SET state = 'CANCELLED', finished_at = now() WHERE id = $1`, [sweepId]);
  await query(`UPDATE tasks SET search_state = 'STOPPED' WHERE sweep_id = $1 AND search_state = 'OPEN'`, [sweepId]);
  await query(
    `UPDATE trials SET state = 'CANCELLED', finished_at = now()
      WHERE sweep_id = $1 AND state IN ('QUEUED', 'WAITING')`,
    [sweepId],
  );
}
