import type { TrialAssignment } from '../../../core/assignment.ts';
import type { CheckpointRef } from '../../../core/checkpoint.ts';
import type { SweepId, TaskId, TrialId, WorkerId } from '../../../core/ids.ts';
import type { TaskDefinition } from '../../../core/task.ts';
import type { Query } from '../database.ts';

/**
 * Takes the right to claim from a sweep until the transaction ends.
 *
 * Guarantee: one claimer per sweep at a time, so that `maxParallel` holds; ending trials (KEY SHARE) goes on meanwhile.
 * It must be a statement of its own: the claim that follows has to see what the claimer before has committed.
 * Index: sweeps_pkey. Lock order: sweep first; several sweeps by priority and age, as `findClaimable` sorts them.
 * @returns false where the sweep no longer gives out trials
 */
export async function lockSweepForClaim(query: Query, sweepId: SweepId): Promise<boolean> {
  const rows = await query(`SELECT FROM sweeps WHERE id = $1 AND state IN ('PENDING', 'RUNNING') FOR NO KEY UPDATE`, [
    sweepId,
  ]);
  return rows.length > 0;
}

export interface ClaimFromSweep {
  readonly sweepId: SweepId;
  readonly taskIds: readonly TaskId[];
  readonly workerId: WorkerId;
  readonly limit: number;
  readonly leaseMs: number;
}

interface ClaimedRow {
  readonly trialId: TrialId;
  readonly attempt: number;
  readonly taskId: TaskId;
  readonly definition: TaskDefinition;
  readonly params: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly replicate: number;
  readonly timeoutMs: number;
  readonly checkpoint: CheckpointRef | null;
  readonly untilStep: number | null;
}

/**
 * Claims the first queued trials of a locked sweep for a worker: attempt number raised, attempt ACTIVE, lease running;
 * with each goes the checkpoint that an earlier attempt left.
 * The first claim of a sweep makes it RUNNING.
 *
 * Guarantee: a trial is given to one caller (the sweep's lock, SKIP LOCKED, and attempts_one_active behind them); no
 * more than `maxParallel` trials of the sweep run.
 * Index: trials_sweep_id_state_position_idx gives the order, without sorting.
 * Lock order: sweep (held), trials (skipping locked ones), new attempts.
 */
export async function claimTrials(query: Query, claim: ClaimFromSweep): Promise<readonly TrialAssignment[]> {
  const rows = await query<ClaimedRow>(
    `WITH sweep AS (
       SELECT timeout_ms, max_parallel - (SELECT count(*) FROM trials WHERE sweep_id = $1 AND state = 'RUNNING') AS free
         FROM sweeps WHERE id = $1
     ), picked AS (
       SELECT id FROM trials
        WHERE sweep_id = $1 AND state = 'QUEUED' AND task_id = ANY ($2) AND available_at <= now()
        ORDER BY position
        LIMIT (SELECT greatest(0, least($4, free)) FROM sweep)
          FOR NO KEY UPDATE SKIP LOCKED
     ), claimed AS (
       UPDATE trials t
          SET state = 'RUNNING', attempt = t.attempt + 1, started_at = coalesce(t.started_at, now())
         FROM picked WHERE t.id = picked.id
       RETURNING t.id, t.attempt, t.task_id, t.point_id, t.seed, t.replicate, t.position, t.rung
     ), leased AS (
       INSERT INTO attempts (trial_id, number, worker_id, lease_expires_at, kernel_id, backend, backend_version,
                             device_kind)
       SELECT c.id, c.attempt, w.id, clock_timestamp() + $5 * interval '1 millisecond', w.kernel_id, w.backend,
              w.backend_version, coalesce(w.devices #>> '{0,kind}', 'cpu')
         FROM claimed c JOIN workers w ON w.id = $3
     ), started AS (
       UPDATE sweeps SET state = 'RUNNING', started_at = now()
        WHERE id = $1 AND state = 'PENDING' AND EXISTS (SELECT FROM claimed)
     )
     SELECT c.id AS "trialId", c.attempt, c.task_id AS "taskId", k.definition, p.params, c.seed::float8 AS seed,
            c.replicate, c.rung AS "untilStep", s.timeout_ms::float8 AS "timeoutMs",
            CASE WHEN h.trial_id IS NOT NULL
                 THEN json_build_object('step', h.step, 'sha256', h.sha256, 'sizeBytes', h.size_bytes)
            END AS checkpoint
       FROM claimed c
       JOIN points p ON p.id = c.point_id
       JOIN tasks k ON k.id = c.task_id
       LEFT JOIN checkpoints h ON h.trial_id = c.id
       CROSS JOIN sweep s
      ORDER BY c.position`,
    [claim.sweepId, claim.taskIds, claim.workerId, claim.limit, claim.leaseMs],
  );
  return rows.map((row) => ({ ...row, sweepId: claim.sweepId }));
}
