/**
 * The attempts that this worker holds.
 *
 * RUNNING  in a slot; its lease is renewed     -> REPORTED (it ended), dropped (its lease was lost)
 * REPORTED its result waits for acknowledgement; the lease is renewed still -> gone
 *
 * A trial that is to go on elsewhere has its last checkpoint sent before it is reported: afterwards it is not ours. One
 * that pauses takes the time that this takes: it would have to begin at an earlier epoch again.
 * An attempt whose lease was lost is stopped and not renewed. If it succeeded all the same its result is sent: the
 * coordinator refuses it and keeps it for audit.
 */

import type { TrialAssignment } from '../core/assignment.ts';
import type { AttemptKey, AttemptOutcome, WantedAttempt } from '../core/attempt.ts';
import { messageOf } from '../core/errors.ts';
import type { Logger } from '../platform/logger.ts';
import { type Checkpoints, lastUploadMs } from './checkpoints.ts';
import { attemptId, type Reported, type Reporter } from './reporter.ts';
import type { FindSharedFile } from './shared-file-relay.ts';
import type { RunningTrial, Slots } from './slots.ts';
import type { TrialEvents } from './supervise.ts';
import type { ResumePoint } from './trial/context.ts';

export interface Attempts {
  /** Runs a trial; where no slot is free it goes back to the queue. */
  start(assignment: TrialAssignment): void;
  /** Reports an assignment that cannot be run. */
  refuse(key: AttemptKey, message: string): void;
  /** Follows what the coordinator wants. */
  follow(wanted: WantedAttempt): void;
  /** Follows the answer to a report. */
  acknowledged(reported: Reported, accepted: boolean): void;
  /** Attempts whose leases are to be renewed. */
  held(): readonly AttemptKey[];
  running(): number;
  /** Takes no more. `stop`: stops everything; what does not succeed goes back to the queue. `finish`: lets all end. */
  leave(how: 'stop' | 'finish'): void;
}

export interface AttemptsOptions {
  readonly slots: Slots;
  readonly reporter: Reporter;
  readonly checkpoints: Checkpoints;
  readonly sharedFile: FindSharedFile;
  readonly log: Logger;
  /** Called after every change of what is held. */
  readonly onChange: () => void;
}

interface Held {
  readonly key: AttemptKey;
  trial: RunningTrial | null;
  leaseLost: boolean;
  /** What its trial goes on from; thrown away when it ends. */
  resumed: ResumePoint | null;
}

export function createAttempts(options: AttemptsOptions): Attempts {
  const { slots, reporter, checkpoints, log, onChange } = options;
  const heldById = new Map<string, Held>();
  let leaving: 'stop' | 'finish' | null = null;

  const report = (key: AttemptKey, outcome: AttemptOutcome) => {
    const { trialId, attempt } = key;
    const failure = outcome.kind === 'failure' ? { failure: outcome.failure } : {};
    log.info({ trialId, attempt, outcome: outcome.kind, ...failure }, 'trial ended');
    reporter.result(key, outcome);
  };
  const drop = (held: Held) => {
    if (held.leaseLost) return;
    held.leaseLost = true;
    log.warn({ ...held.key }, 'lease lost, attempt dropped');
    checkpoints.drop(held.key);
    if (held.trial === null) return;
    reporter.forget(held.key);
    held.trial.stop(false);
  };
  const settle = async (held: Held, outcome: AttemptOutcome) => {
    if (outcome.kind === 'paused') await checkpoints.flush(held.key);
    else if (outcome.kind !== 'success') await checkpoints.flush(held.key, lastUploadMs);
    checkpoints.drop(held.key);
    if (held.resumed !== null) await checkpoints.discard(held.resumed);
    held.trial = null;
    if (held.leaseLost) heldById.delete(attemptId(held.key));
    if (!held.leaseLost || outcome.kind === 'success')
      report(held.key, leaving === 'stop' ? cutShort(outcome) : outcome);
    onChange();
  };

  return {
    start: (assignment) => {
      const key: AttemptKey = { trialId: assignment.trialId, attempt: assignment.attempt };
      if (heldById.has(attemptId(key))) return;
      const held: Held = { key, trial: null, leaseLost: false, resumed: null };
      held.trial = leaving === null ? slots.start(assignment, trialEvents(held, assignment, options)) : null;
      heldById.set(attemptId(key), held);
      if (held.trial === null) return report(key, { kind: 'stopped', requeue: true });
      log.info({ ...key, taskId: assignment.taskId, params: assignment.params }, 'trial started');
      void held.trial.ended
        .catch((error): AttemptOutcome => failure(messageOf(error)))
        .then((outcome) => settle(held, outcome));
    },
    refuse: (key, message) => {
      heldById.set(attemptId(key), { key, trial: null, leaseLost: false, resumed: null });
      report(key, failure(message));
    },
    follow: (wanted) => {
      const held = heldById.get(attemptId(wanted));
      if (held === undefined || wanted.wanted === 'RUN') return;
      if (wanted.reason === leaseLostReason) return drop(held);
      if (wanted.wanted === 'STOP') checkpoints.drop(held.key);
      held.trial?.stop(wanted.wanted === 'WAIT');
    },
    acknowledged: ({ key, kind }, accepted) => {
      const held = heldById.get(attemptId(key));
      if (kind === 'measurements') {
        if (!accepted && held !== undefined) drop(held);
        return;
      }
      if (!accepted) log.warn({ ...key }, 'result refused: the attempt no longer owns its trial');
      heldById.delete(attemptId(key));
      onChange();
    },
    held: () => [...heldById.values()].filter((held) => !held.leaseLost).map((held) => held.key),
    running: () => [...heldById.values()].filter((held) => held.trial !== null).length,
    leave: (how) => {
      leaving = how;
      if (how === 'finish') return;
      for (const held of heldById.values()) held.trial?.stop(true);
    },
  };
}

/** The reason of a STOP whose attempt is not ours any more; any other is a wish that is answered by `stopped`. */
const leaseLostReason = 'lease lost';

function failure(message: string): AttemptOutcome {
  return { kind: 'failure', failure: { kind: 'EXCEPTION', message } };
}

/** Whatever came to no end of its own while the worker stops its trials was cut short by that. */
function cutShort(outcome: AttemptOutcome): AttemptOutcome {
  return outcome.kind === 'success' || outcome.kind === 'paused' ? outcome : { kind: 'stopped', requeue: true };
}

function trialEvents(
  held: Held,
  assignment: TrialAssignment,
  { reporter, checkpoints, sharedFile, log }: AttemptsOptions,
): TrialEvents {
  return {
    resume: async (signal) => {
      held.resumed = await checkpoints.fetch(assignment, signal);
      return held.resumed;
    },
    measurement: (measurement) => {
      if (!held.leaseLost) reporter.measurement(held.key, measurement);
    },
    phase: (phase) => log.debug({ ...held.key, phase }, 'trial is alive'),
    warning: (warning) => log.warn({ ...held.key, warning }, 'trial warns'),
    checkpoint: (written) => checkpoints.send(held.key, written),
    sharedFile,
  };
}
