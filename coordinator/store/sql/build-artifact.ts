import type { WorkerId } from '../../../core/ids.ts';
import type { Query } from '../database.ts';

/**
 * Gives the right to build an artifact to a worker: where it does not exist, or the lease of its builder ran out.
 *
 * Guarantee: one builder at a time; the token of an earlier one is worth nothing from then on.
 * Index: artifacts_pkey. Lock order: the artifact's row.
 * @returns the token; null where it is there already, or somebody else builds it
 */
export async function claimBuild(
  query: Query,
  claim: { readonly key: string; readonly workerId: WorkerId; readonly leaseMs: number },
): Promise<string | null> {
  const rows = await query<{ token: string }>(
    `INSERT INTO artifacts (key, state, token, worker_id, lease_expires_at)
     VALUES ($1, 'BUILDING', gen_random_uuid(), $2, clock_timestamp() + $3 * interval '1 millisecond')
     ON CONFLICT (key) DO UPDATE
        SET token = excluded.token, worker_id = excluded.worker_id, lease_expires_at = excluded.lease_expires_at
      WHERE artifacts.state = 'BUILDING' AND artifacts.lease_expires_at < clock_timestamp()
     RETURNING token`,
    [claim.key, claim.workerId, claim.leaseMs],
  );
  return rows[0]?.token ?? null;
}

/** Extends a build. Guarantee, index, locks: as above; false where the token is no longer the builder's. */
export async function renewBuild(query: Query, key: string, token: string, leaseMs: number): Promise<boolean> {
  const rows = await query(
    `UPDATE artifacts SET lease_expires_at = clock_timestamp() + $3 * interval '1 millisecond'
      WHERE key = $1 AND token = $2 AND state = 'BUILDING'
     RETURNING key`,
    [key, token, leaseMs],
  );
  return rows.length > 0;
}

/** Gives a build up, so that the next claim gets it. Guarantee, index, locks: as above; nothing for a stale token. */
export async function abandonBuild(query: Query, key: string, token: string): Promise<void> {
  await query(`DELETE FROM artifacts WHERE key = $1 AND token = $2 AND state = 'BUILDING'`, [key, token]);
}

/**
 * Makes an artifact READY; saying so twice is no error. Guarantee, index, locks: as above; false where the token is no
 * longer the builder's.
 */
export async function finishBuild(
  query: Query,
  key: string,
  token: string,
  content: { readonly sha256: string; readonly sizeBytes: number; readonly metadata: unknown },
): Promise<boolean> {
  const rows = await query(
    `UPDATE artifacts
        SET state = 'READY', sha256 = $3, size_bytes = $4, metadata = $5, ready_at = coalesce(ready_at, now()),
            lease_expires_at = NULL
      WHERE key = $1 AND token = $2 AND (state = 'BUILDING' OR sha256 = $3)
     RETURNING key`,
    [key, token, content.sha256, content.sizeBytes, JSON.stringify(content.metadata ?? null)],
  );
  return rows.length > 0;
}

/** Lets others take over what workers build that are known to be dead. Index: none, builds under way are few. */
export async function expireBuilds(query: Query, workers: readonly WorkerId[]): Promise<void> {
  await query(`UPDATE artifacts SET lease_expires_at = '-infinity' WHERE state = 'BUILDING' AND worker_id = ANY ($1)`, [
    workers,
  ]);
}
