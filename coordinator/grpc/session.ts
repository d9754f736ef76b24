/**
 * One attached worker: one stream, from Welcome until it is over.
 *
 * OPEN   messages are handled side by side, those of one attempt in order; trials are claimed as slots are free
 *        -> ENDED (the worker left, a newer stream of the same worker came, the record cannot be written, we stop)
 * ENDED  claims that cannot be delivered are given back; all else is left to the leases
 *
 * A report is acknowledged only once it is stored. Where it cannot be stored the stream is ended, and the worker
 * repeats everything unacknowledged on its next one, to this coordinator or another.
 */
import type { status } from '@grpc/grpc-js';
import type { TrialAssignment } from '../../core/assignment.ts';
import { type AttemptKey, WantedState } from '../../core/attempt.ts';
import { messageOf } from '../../core/errors.ts';
import type { SweepId, WorkerId } from '../../core/ids.ts';
import { endWithStatus, isOver, writeMessage } from '../../platform/grpc/stream.ts';
import type { Logger } from '../../platform/logger.ts';
import { assignmentToWire } from '../../proto/codec/assignment.ts';
import { wantedToWire } from '../../proto/codec/attempt.ts';
import type { Bus } from '../bus/bus.ts';
import { startDispatch } from '../engine/dispatcher.ts';
import type { LeaseService } from '../service/leases.ts';
import type { HeldAttempts } from './held-attempts.ts';
import { handleMessages, type ToWorker, type WorkerCall } from './session-messages.ts';

export interface Session {
  readonly workerId: WorkerId;
  /** Sweeps of which the worker holds attempts that were not told to stop. */
  sweeps(): readonly SweepId[];
  /** Tells the worker to stop its attempts of a cancelled sweep. */
  stopSweep(sweepId: SweepId): Promise<void>;
  /** Ends the stream with a status; the worker reconnects on UNAVAILABLE. */
  end(code: status, details: string): void;
  /** Settles once the stream is over and nothing of the session runs any more. */
  readonly ended: Promise<void>;
}

export interface SessionOptions {
  readonly call: WorkerCall;
  readonly workerId: WorkerId;
  readonly held: HeldAttempts;
  readonly leases: LeaseService;
  readonly bus: Bus;
  readonly pollMs: number;
  readonly random: () => number;
  readonly log: Logger;
  /** Called once, before the session gives back what it could not deliver. */
  readonly onEnd: (reason: string) => Promise<void>;
}

export function openSession(options: SessionOptions): Session {
  const { call, workerId, held, leases, bus, pollMs, random, log } = options;
  const over = new AbortController();
  const send = (message: ToWorker) => writeMessage(call, { message });
  const dispatch = startDispatch({
    demand: held.demand,
    claim: (limit) => leases.claim(workerId, limit),
    deliver: (assignments) => deliver(assignments, { held, leases, send, log }),
    bus,
    pollMs,
    random,
    signal: over.signal,
    log,
  });
  const settled = handleMessages(call, { workerId, held, leases, send, wake: dispatch.wake, log });
  const finish = async (reason: string) => {
    over.abort();
    try {
      await options.onEnd(reason);
    } catch (error) {
      log.warn({ workerId, reason: messageOf(error) }, 'detached worker not recorded');
    }
    await Promise.all([dispatch.ended, settled()]);
  };
  return {
    workerId,
    sweeps: held.sweeps,
    stopSweep: async (sweepId) => {
      const stops = held
        .takeToStop(sweepId)
        .map((key) => wantedToWire({ ...key, wanted: WantedState.STOP, reason: 'cancelled' }));
      if (stops.length > 0) await send({ $case: 'wanted', value: { attempts: stops } });
    },
    end: (code, details) => endWithStatus(call, { code, details }),
    ended: untilOver(call).then(finish),
  };
}

/** Resolves with the reason when the stream is over, from whichever side. */
function untilOver(call: WorkerCall): Promise<string> {
  return new Promise((resolve) => {
    call.on('cancelled', () => resolve('connection closed'));
    call.on('error', (error) => resolve('details' in error ? String(error.details) : messageOf(error)));
    call.on('end', () => {
      call.end();
      resolve('the worker left');
    });
    // It may have gone while it was being admitted, before anything listened.
    if (isOver(call)) resolve('connection closed');
  });
}

type Delivery = Pick<SessionOptions, 'held' | 'leases' | 'log'> & {
  readonly send: (message: ToWorker) => Promise<boolean>;
};

async function deliver(assignments: readonly TrialAssignment[], session: Delivery): Promise<void> {
  for (const assignment of assignments) {
    session.held.add(assignment, assignment.sweepId);
    if (await session.send({ $case: 'assign', value: assignmentToWire(assignment) })) continue;
    session.held.remove(assignment);
    await giveBack(assignment, session);
  }
}

async function giveBack(key: AttemptKey, { leases, log }: Delivery): Promise<void> {
  try {
    await leases.giveBack(key);
  } catch (error) {
    log.warn({ trialId: key.trialId, reason: messageOf(error) }, 'trial not given back, its lease will run out');
  }
}
