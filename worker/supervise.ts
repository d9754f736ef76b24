/**
 * Watches one trial in its process until it has an outcome, whatever happens to the process.
 *
 * STARTING (process not ready) -> RUNNING -> outcome
 *                                    |-> STOPPING (told to stop; killed after the grace) -> outcome
 *
 * Ends: the process says succeeded, failed, stopped or paused; the process ends (CRASH, OUT_OF_MEMORY); the time limit
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
import type { ResumePoint } from './trial/context.ts';
import { watchLimits } from './trial-limits.ts';
import type { TrialProcess } from './trial-process.ts';

/** What the agent does for a running trial. */
export interface TrialEvents {
  /** Where the trial can go on, brought to this host; null = it begins at the start. `signal` aborts when it is stopped. */
  resume(signal: AbortSignal): Promise<ResumePoint | null>;
  measurement(measurement: Measurement): void;
  phase(text: string): void;
  warning(text: string): void;
  /** The trial's state after a step; the file is the agent's. */
  checkpoint(written: ResumePoint): void;
  readonly sharedFile: FindSharedFile;
}

export interface TrialEnd {
  readonly outcome: AttemptOutcome;
  /** Memory of the process at the end of a trial that left it usable; null where it must be replaced. */
  readonly residentBytes: number | null;
}

export interface SupervisedTrial {
  readonly ended: Promise<TrialEnd>;
  /**
   * Asks the trial to stop; it ends as `stopped` within the grace, unless it ended otherwise before. `goesOn`: it
   * leaves its state behind.
   */
  stop(goesOn: boolean): void;
}

export function superviseTrial(
  process: TrialProcess,
  { assignment, resume }: { readonly assignment: TrialAssignment; readonly resume: ResumePoint | null },
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
      case 'warning':
        return events.warning(message.message);
      case 'checkpoint':
        return events.checkpoint({ step: message.step, path: message.path });
      case 'succeeded':
        return settle({ kind: 'success', ...message.success }, message.residentBytes);
      case 'failed':
        return fail({ kind: message.failureKind, message: message.message });
      case 'stopped':
        return settle(stopped, message.residentBytes);
      case 'paused':
        return settle({ kind: 'paused' }, message.residentBytes);
      default:
        return files.receive(message);
    }
  });
  void process.ready.then(() => {
    if (stopping) settle(stopped, null);
    else if (!over.signal.aborted) process.send({ kind: 'run', assignment, resume });
  });
  void process.ended.then((end) => {
    if (!over.signal.aborted) fail(failureOfProcessEnd(end));
  });

  return {
    ended,
    stop: (goesOn) => {
      if (stopping || over.signal.aborted) return;
      stopping = true;
      process.send({ kind: 'stop', goesOn });
      watch.stopWithin(limits.stopGraceMs);
    },
  };
}

const stopped: AttemptOutcome = { kind: 'stopped', requeue: false };
