import type { TrialAssignment } from '../../core/assignment.ts';
import type { AttemptKey, AttemptOutcome, WantedAttempt } from '../../core/attempt.ts';
import type { WorkerId } from '../../core/ids.ts';
import type { Measurement } from '../../core/measurement.ts';
import type { Bell } from '../../platform/bell.ts';
import type { Bus } from '../bus/bus.ts';
import type { Events } from '../events.ts';
import type { Store } from '../store/store.ts';

/** What workers do with trials: claim, renew, report. */
export interface LeaseService {
  claim(workerId: WorkerId, limit: number): Promise<readonly TrialAssignment[]>;
  renew(workerId: WorkerId, attempts: readonly AttemptKey[]): Promise<readonly WantedAttempt[]>;
  /** False where the attempt no longer owns its trial. */
  record(key: AttemptKey, measurements: readonly Measurement[]): Promise<boolean>;
  /** False where the attempt no longer owns its trial; the outcome is then kept for audit only. */
  finish(key: AttemptKey, outcome: AttemptOutcome): Promise<boolean>;
  /** Queues a trial again that was claimed but cannot be handed over. */
  giveBack(key: AttemptKey): Promise<void>;
  /** Queues the trials of workers that stopped renewing again. */
  expire(): Promise<void>;
}

export interface LeaseServiceOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly events: Events;
  readonly leaseMs: number;
  /** Rung whenever a trial may have reached its final state, or a rung. */
  readonly finished: Pick<Bell, 'ring'>;
}

export function createLeaseService({ store, bus, events, leaseMs, finished }: LeaseServiceOptions): LeaseService {
  const finish = async (key: AttemptKey, outcome: AttemptOutcome) => {
    const { accepted, trialState } = await store.finishAttempt(key, outcome);
    if (accepted) events.trialFinished(key, outcome, trialState);
    else events.resultRefused(key, outcome);
    if (trialState === 'QUEUED') bus.publish();
    else finished.ring();
    return accepted;
  };
  return {
    claim: async (workerId, limit) => {
      const assignments = await store.claimTrials({ workerId, limit, leaseMs });
      for (const assignment of assignments) events.trialClaimed(assignment, workerId);
      return assignments;
    },
    renew: (workerId, attempts) => store.renewLeases({ workerId, attempts, leaseMs }),
    record: (key, measurements) => store.recordMeasurements(key, measurements),
    finish,
    giveBack: async (key) => {
      await finish(key, { kind: 'stopped', requeue: true });
    },
    expire: async () => {
      const lost = await store.expireLeases();
      for (const key of lost) events.trialLost(key);
      if (lost.length === 0) return;
      bus.publish();
      finished.ring();
    },
  };
}
