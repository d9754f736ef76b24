import type { WorkerAnswer } from '../../../core/api/fleet.ts';
import type { Query } from '../database.ts';

type WorkerRow = Omit<WorkerAnswer, 'attachedAt' | 'lastSeenAt'> & {
  readonly attachedAt: Date;
  readonly lastSeenAt: Date;
};

/**
 * Attached workers, and detached ones seen lately, in the order in which they attached.
 *
 * Guarantee: one snapshot. Index: attempts_worker_id_state_idx for the busy slots; workers are few, they are scanned.
 * Lock order: none.
 */
export async function listWorkers(query: Query, seenWithinMs: number): Promise<readonly WorkerAnswer[]> {
  const rows = await query<WorkerRow>(
    `SELECT w.id, w.name, w.host, w.state, w.slots, w.backend, w.backend_version AS "backendVersion", w.devices,
            w.labels, w.datasets, w.attached_at AS "attachedAt", w.last_seen_at AS "lastSeenAt",
            (SELECT count(*)::int FROM attempts a WHERE a.worker_id = w.id AND a.state = 'ACTIVE') AS "busySlots"
       FROM workers w
      WHERE w.state = 'ATTACHED' OR w.last_seen_at >= now() - $1 * interval '1 millisecond'
      ORDER BY w.attached_at, w.id`,
    [seenWithinMs],
  );
  return rows.map((row) => ({
    ...row,
    attachedAt: row.attachedAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
  }));
}
