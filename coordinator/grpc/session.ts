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
import type { ServerDuplexStream, status } from '@grpc/grpc-js';
import { type AttemptKey, type AttemptOutcome, WantedState } from '../../core/attempt.ts';
import { AbkdError, messageOf } from '../../core/errors.ts';
import type { SweepId, WorkerId } from '../../core/ids.ts';
import type { TrialAssignment } from '../../core/trial.ts';
import { createKeyedMutex } from '../../platform/async.ts';
import { endWithStatus, isOver, writeMessage } from '../../platform/grpc/stream.ts';
import type { Logger } from '../../platform/logger.ts';
import { assignmentToWire } from '../../proto/codec/assignment.ts';
import { attemptFromWire, measurementFromWire, outcomeFromWire, wantedToWire } from '../../proto/codec/attempt.ts';
import type {
  CoordinatorMessage,
  MeasurementBatch,
  Renew,
  TrialResult,
  WorkerMessage,
} from '../../proto/gen/abkd/v1/worker.ts';
import type { Bus } from '../bus/bus.ts';
import { type Dispatch, startDispatch } from '../engine/dispatcher.ts';
import type { LeaseService } from '../service/leases.ts';
import { toGrpcStatus } from './errors.ts';
import type { HeldAttempts } from './held-attempts.ts';

export type WorkerCall = ServerDuplexStream<WorkerMessage, CoordinatorMessage>;
type FromWorker = NonNullable<WorkerMessage['message']>;
type ToWorker = NonNullable<CoordinatorMessage['message']>;

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

/** Messages of one worker that may be in work at once; beyond it the stream is not read, and the worker waits. */
const maxInWork = 256;

export function openSession(options: SessionOptions): Session {
  const { call, held, log } = options;
  const over = new AbortController();
  const inOrder = createKeyedMutex();
  const inWork = new Set<Promise<void>>();
  const send = (message: ToWorker) => writeMessage(call, { message });

  const dispatch = startDispatch({
    demand: held.demand,
    claim: (limit) => options.leases.claim(options.workerId, limit),
    deliver: (assignments) => deliver(assignments, { ...options, send }),
    bus: options.bus,
    pollMs: options.pollMs,
    random: options.random,
    signal: over.signal,
    log,
  });
  const handlers: SessionHandlers = { ...options, send, dispatch, inOrder };

  const finish = async (reason: string) => {
    over.abort();
    try {
      await options.onEnd(reason);
    } catch (error) {
      log.warn({ workerId: options.workerId, reason: messageOf(error) }, 'detached worker not recorded');
    }
    await Promise.all([dispatch.ended, ...inWork]);
  };
  const whenEnded = new Promise<void>((resolve) => {
    const onOver = (reason: string) => {
      if (!over.signal.aborted) void finish(reason).then(resolve);
    };
    call.on('cancelled', () => onOver('connection closed'));
    call.on('error', (error) => onOver(messageOf('details' in error ? error.details : error)));
    call.on('end', () => {
      call.end();
      onOver('the worker left');
    });
    // It may have gone while it was being admitted, before anything listened.
    if (isOver(call)) onOver('connection closed');
  });
  call.on('data', ({ message }: WorkerMessage) => {
    if (message === undefined) return;
    const work: Promise<void> = handle(message, handlers)
      .catch((error) => endWithStatus(call, toGrpcStatus(error, log)))
      .finally(() => {
        inWork.delete(work);
        if (call.isPaused() && inWork.size < maxInWork / 2) call.resume();
      });
    inWork.add(work);
    if (inWork.size >= maxInWork) call.pause();
  });

  return {
    workerId: options.workerId,
    sweeps: held.sweeps,
    stopSweep: async (sweepId) => {
      const stops = held
        .takeToStop(sweepId)
        .map((key) => wantedToWire({ ...key, wanted: WantedState.STOP, reason: 'cancelled' }));
      if (stops.length > 0) await send({ $case: 'wanted', value: { attempts: stops } });
    },
    end: (code, details) => endWithStatus(call, { code, details }),
    ended: whenEnded,
  };
}

type SessionHandlers = SessionOptions & {
  readonly send: (message: ToWorker) => Promise<boolean>;
  readonly dispatch: Dispatch;
  readonly inOrder: ReturnType<typeof createKeyedMutex>;
};

async function handle(message: FromWorker, session: SessionHandlers): Promise<void> {
  switch (message.$case) {
    case 'ready':
      session.held.declareFree(message.value.freeSlots);
      return session.dispatch.wake();
    case 'draining':
      return session.held.declareFree(0);
    case 'renew':
      return renew(message.value, session);
    case 'measurements':
      return inOrderOf(message.value, session, (key) => recordMeasurements(key, message.value, session));
    case 'result':
      return inOrderOf(message.value, session, (key) => recordResult(key, message.value, session));
    case 'hello':
      throw new AbkdError('BAD_REQUEST', 'Cannot go on with worker: a second hello came, expected one per stream');
  }
}

function inOrderOf(
  message: MeasurementBatch | TrialResult,
  session: SessionHandlers,
  run: (key: AttemptKey) => Promise<void>,
): Promise<void> {
  const key = attemptFromWire(message.attempt);
  return session.inOrder(`${key.trialId}#${key.attempt}`, () => run(key));
}

/** A renewal that fails is left unanswered: the next one follows well before the lease ends. */
async function renew({ attempts }: Renew, session: SessionHandlers): Promise<void> {
  try {
    const wanted = await session.leases.renew(session.workerId, attempts.map(attemptFromWire));
    session.held.follow(wanted);
    await session.send({ $case: 'wanted', value: { attempts: wanted.map(wantedToWire) } });
  } catch (error) {
    session.log.warn({ workerId: session.workerId, reason: messageOf(error) }, 'renewal failed');
  }
}

async function recordMeasurements(key: AttemptKey, batch: MeasurementBatch, session: SessionHandlers): Promise<void> {
  const measurements = batch.measurements.map(measurementFromWire);
  // What the record cannot hold is left out of the curve; the trial goes on.
  const accepted = await stored(
    () => session.leases.record(key, measurements),
    async () => true,
    session,
  );
  if (!accepted) session.held.remove(key);
  await session.send({ $case: 'ack', value: { sequence: batch.sequence, accepted } });
}

async function recordResult(key: AttemptKey, result: TrialResult, session: SessionHandlers): Promise<void> {
  const { leases } = session;
  const accepted = await stored(
    () => leases.finish(key, readOutcome(result)),
    (reason) => leases.finish(key, failureOf(reason)),
    session,
  );
  session.held.remove(key);
  await session.send({ $case: 'ack', value: { sequence: result.sequence, accepted } });
  session.dispatch.wake();
}

/** A result that makes no sense ends its trial as a failure: refused, it would be repeated for ever. */
function readOutcome(result: TrialResult): AttemptOutcome {
  try {
    return outcomeFromWire(result);
  } catch (error) {
    return failureOf(messageOf(error));
  }
}

function failureOf(message: string): AttemptOutcome {
  return { kind: 'failure', failure: { kind: 'EXCEPTION', message } };
}

/**
 * Stores a report, or `instead` what stands for it where the record cannot hold it: repeated, it would be refused for
 * ever. Any other trouble ends the stream, so that the worker comes again with the report.
 */
async function stored(
  write: () => Promise<boolean>,
  instead: (reason: string) => Promise<boolean>,
  { log, workerId }: SessionHandlers,
): Promise<boolean> {
  try {
    return await write();
  } catch (error) {
    log.error({ workerId, err: error }, 'report not stored');
    if (error instanceof AbkdError && error.code === 'BAD_REQUEST') return instead(error.message);
    throw error;
  }
}

type Delivery = SessionOptions & { readonly send: (message: ToWorker) => Promise<boolean> };

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
