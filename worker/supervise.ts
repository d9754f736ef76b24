/**
 * Watches one trial in its process until it has an outcome, whatever happens to the process.
 *
 * STARTING (process not ready) -> RUNNING -> outcome
 *                                    |-> STOPPING (told to stop; killed after the grace) -> outcome
 *
 * Ends: the process says succeeded, failed or stopped; the process ends (CRASH, OUT_OF_MEMORY); the time limit
 * (TIMEOUT) or the silence limit (STALLED) passes, both of which kill the process.
 */

import type { TrialAssignment } from '../core/assignment.ts';
import type { AttemptOutcome } from '../core/attempt.ts';
import type { Measurement } from '../core/measurement.ts';
import type { TrialFailure } from '../core/trial.ts';
import { createDeferred } from '../platform/async.ts';
import type { SlotLimits } from './config.ts';
import { failureOfProcessEnd } from './process-failure.ts';
import { type FindSharedFile, relaySharedFiles } from './shared-file-relay.ts';
import { watchLimits } from './trial-limits.ts';
import type { TrialProcess } from './trial-process.ts';

/** What the agent does for a running trial. */
export interface TrialEvents {
  measurement(measurement: Measurement): void;
  phase(text: string): void;
  readonly sharedFile: FindSharedFile;
}

export interface TrialEnd {
  readonly outcome: AttemptOutcome;
  /** Memory of the process at the end of a trial that left it usable; null where it must be replaced. */
  readonly residentBytes: number | null;
}

export interface SupervisedTrial {
  readonly ended: Promise<TrialEnd>;
  /** Asks the trial to stop; it ends as `stopped` within the grace, unless it ended otherwise before. */
  stop(): void;
}

export function superviseTrial(
  process: TrialProcess,
  assignment: TrialAssignment,
  limits: Pick<SlotLimits, 'stallMs' | 'stopGraceMs'>,
  events: TrialEvents,
): SupervisedTrial {
  const { promise: ended, resolve } = createDeferred<TrialEnd>();
  const over = new AbortController();
  let stopping = false;

  const settle = (outcome: AttemptOutcome, residentBytes: number | null) => {
    over.abort();
    watch.end();
    resolve({ outcome, residentBytes });
  };
  const fail = (failure: TrialFailure) => settle(stopping ? stopped : { kind: 'failure', failure }, null);
  const files = relaySharedFiles(process, events.sharedFile, over.signal);
  const watch = watchLimits({
    timeoutMs: assignment.timeoutMs,
    stallMs: limits.stallMs,
    // A trial that waits for the agent (a file that another host builds) has nothing to say.
    mayBeSilent: () => files.waiting() > 0,
    onExceeded: (failure) => {
      process.kill();
      fail(failure);
    },
  });

  process.listen((message) => {
    if (over.signal.aborted) return;
    watch.sign();
    switch (message.kind) {
      case 'alive':
        return events.phase(message.phase);
      case 'measurement':
        return events.measurement({ step: message.step, values: message.values });
      case 'succeeded':
        return settle({ kind: 'success', ...message.success }, message.residentBytes);
      case 'failed':
        return fail({ kind: message.failureKind, message: message.message });
      case 'stopped':
        return settle(stopped, message.residentBytes);
      default:
        return files.receive(message);
    }
  });
  void process.ready.then(() => {
    if (stopping) settle(stopped, null);
    else if (!over.signal.aborted) process.send({ kind: 'run', assignment });
  });
  void process.ended.then((end) => {
    if (!over.signal.aborted) fail(failureOfProcessEnd(end));
  });

  return {
    ended,
    stop: () => {
      if (stopping || over.signal.aborted) return;
      stopping = true;
      process.send({ kind: 'stop' });
      watch.stopWithin(limits.stopGraceMs);
    },
  };
}

const stopped: AttemptOutcome = { kind: 'stopped', requeue: false };
