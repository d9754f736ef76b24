import type { TrialAssignment } from '../core/assignment.ts';
import type { AttemptKey, AttemptOutcome } from '../core/attempt.ts';
import type { CheckpointRef } from '../core/checkpoint.ts';
import type { PointMove } from '../core/earlystop/moves.ts';
import type { SweepId, TaskId, WorkerId } from '../core/ids.ts';
import type { RerunKind } from '../core/sweep.ts';
import type { TrialState } from '../core/trial.ts';
import type { WorkerHello } from '../core/worker.ts';
import type { Logger } from '../platform/logger.ts';

/** What happens in the business of the system; nothing else reports it. One log line each. */
export interface Events {
  sweepCreated(sweepId: SweepId, size: { readonly tasks: number; readonly plannedTrials: number }): void;
  sweepCancelled(sweepId: SweepId): void;
  /** Trials were queued again, and stopped searches go on to choose points. */
  sweepRerun(
    sweepId: SweepId,
    rerun: { readonly which: RerunKind; readonly trials: number; readonly points: number },
  ): void;
  sweepSettled(sweepId: SweepId): void;
  searchAdvanced(
    sweepId: SweepId,
    step: {
      readonly taskId: TaskId;
      readonly step: number;
      /** New points, and trials of points that were there. */
      readonly points: number;
      readonly trials: number;
      readonly isStopped: boolean;
      readonly isFinished: boolean;
    },
  ): void;
  /** Early stopping let a point go on from a rung to the next one (null = its end), or stopped it there. */
  pointJudged(sweepId: SweepId, point: { readonly taskId: TaskId } & PointMove): void;
  trialClaimed(assignment: TrialAssignment, workerId: WorkerId): void;
  trialFinished(key: AttemptKey, outcome: AttemptOutcome, trialState: TrialState): void;
  /** A result that came after the lease was lost: kept for audit, never counted. */
  resultRefused(key: AttemptKey, outcome: AttemptOutcome): void;
  trialLost(key: AttemptKey): void;
  checkpointSaved(key: AttemptKey, checkpoint: CheckpointRef): void;
  workerAttached(worker: WorkerHello, held: number): void;
  workerRefused(worker: { readonly name: string; readonly host: string }, reason: string): void;
  workerDetached(workerId: WorkerId, reason: string): void;
  artifactStored(key: string, content: { readonly sha256: string; readonly sizeBytes: number }): void;
}

export function createEvents(log: Logger): Events {
  return {
    sweepCreated: (sweepId, size) => log.info({ sweepId, ...size }, 'sweep created'),
    sweepCancelled: (sweepId) => log.info({ sweepId }, 'sweep cancelled'),
    sweepRerun: (sweepId, { which, trials, points }) => log.info({ sweepId, which, trials, points }, 'sweep rerun'),
    sweepSettled: (sweepId) => log.info({ sweepId }, 'sweep settled'),
    searchAdvanced: (sweepId, step) => log.info({ sweepId, ...step }, 'search advanced'),
    pointJudged: (sweepId, { taskId, ordinal, rung, next, stops }) =>
      stops
        ? log.info({ sweepId, taskId, ordinal, rung }, 'point stopped')
        : log.info({ sweepId, taskId, ordinal, rung, next }, 'point goes on'),
    trialClaimed: ({ sweepId, checkpoint, ...key }, workerId) =>
      log.info({ ...idsOf(key), workerId, sweepId, checkpointStep: checkpoint?.step }, 'trial claimed'),
    trialFinished: (key, outcome, trialState) =>
      log.info({ ...idsOf(key), ...describe(outcome), trialState }, 'trial finished'),
    resultRefused: (key, outcome) => log.warn({ ...idsOf(key), ...describe(outcome) }, 'late result refused'),
    trialLost: (key) => log.warn(idsOf(key), 'trial lost'),
    checkpointSaved: (key, { step, sizeBytes }) => log.info({ ...idsOf(key), step, sizeBytes }, 'checkpoint saved'),
    workerAttached: (worker, held) =>
      log.info(
        {
          workerId: worker.id,
          name: worker.name,
          host: worker.host,
          slots: worker.slots,
          backend: worker.backend,
          datasets: worker.datasets,
          held,
        },
        'worker attached',
      ),
    workerRefused: (worker, reason) => log.warn({ name: worker.name, host: worker.host, reason }, 'worker refused'),
    workerDetached: (workerId, reason) => log.info({ workerId, reason }, 'worker detached'),
    artifactStored: (key, content) => log.info({ artifact: key, ...content }, 'artifact stored'),
  };
}

function idsOf(key: AttemptKey): { readonly trialId: string; readonly attempt: number } {
  return { trialId: key.trialId, attempt: key.attempt };
}

function describe(outcome: AttemptOutcome): Readonly<Record<string, unknown>> {
  return outcome.kind === 'failure' ? { outcome: outcome.kind, failure: outcome.failure } : { outcome: outcome.kind };
}
