/** What an attached worker says, handled side by side; what concerns one attempt in the order in which it came. */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { AttemptKey, AttemptOutcome } from '../../core/attempt.ts';
import { AbkdError, messageOf } from '../../core/errors.ts';
import type { WorkerId } from '../../core/ids.ts';
import { createKeyedMutex } from '../../platform/async.ts';
import { endWithStatus } from '../../platform/grpc/stream.ts';
import type { Logger } from '../../platform/logger.ts';
import { attemptFromWire, measurementFromWire, outcomeFromWire, wantedToWire } from '../../proto/codec/attempt.ts';
import type {
  CoordinatorMessage,
  MeasurementBatch,
  Renew,
  TrialResult,
  WorkerMessage,
} from '../../proto/gen/abkd/v1/worker.ts';
import type { LeaseService } from '../service/leases.ts';
import { toGrpcStatus } from './errors.ts';
import type { HeldAttempts } from './held-attempts.ts';

export type WorkerCall = ServerDuplexStream<WorkerMessage, CoordinatorMessage>;
type FromWorker = NonNullable<WorkerMessage['message']>;
export type ToWorker = NonNullable<CoordinatorMessage['message']>;

export interface MessageContext {
  readonly workerId: WorkerId;
  readonly held: HeldAttempts;
  readonly leases: LeaseService;
  /** False where the stream is over. */
  readonly send: (message: ToWorker) => Promise<boolean>;
  /** The worker may be able to take another trial. */
  readonly wake: () => void;
  readonly log: Logger;
}

type InOrder = ReturnType<typeof createKeyedMutex>;

/** Messages of one worker that may be in work at once; beyond it the stream is not read, and the worker waits. */
const maxInWork = 256;

/**
 * Handles every message of the stream from now on. One that makes no sense, or cannot be stored, ends the stream.
 * The result resolves once nothing is in work.
 */
export function handleMessages(call: WorkerCall, context: MessageContext): () => Promise<void> {
  const inOrder = createKeyedMutex();
  const inWork = new Set<Promise<void>>();
  call.on('data', ({ message }: WorkerMessage) => {
    if (message === undefined) return;
    const work: Promise<void> = handle(message, inOrder, context)
      .catch((error) => endWithStatus(call, toGrpcStatus(error, context.log)))
      .finally(() => {
        inWork.delete(work);
        if (call.isPaused() && inWork.size < maxInWork / 2) call.resume();
      });
    inWork.add(work);
    if (inWork.size >= maxInWork) call.pause();
  });
  return async () => {
    await Promise.all(inWork);
  };
}

async function handle(message: FromWorker, inOrder: InOrder, session: MessageContext): Promise<void> {
  switch (message.$case) {
    case 'ready':
      session.held.declareFree(message.value.freeSlots);
      return session.wake();
    case 'draining':
      return session.held.declareFree(0);
    case 'renew':
      return renew(message.value, session);
    case 'measurements':
      return inOrderOf(message.value, inOrder, (key) => recordMeasurements(key, message.value, session));
    case 'result':
      return inOrderOf(message.value, inOrder, (key) => recordResult(key, message.value, session));
    case 'hello':
      throw new AbkdError('BAD_REQUEST', 'Cannot go on with worker: a second hello came, expected one per stream');
  }
}

function inOrderOf(
  message: MeasurementBatch | TrialResult,
  inOrder: InOrder,
  run: (key: AttemptKey) => Promise<void>,
): Promise<void> {
  const key = attemptFromWire(message.attempt);
  return inOrder(`${key.trialId}#${key.attempt}`, () => run(key));
}

/** A renewal that fails is left unanswered: the next one follows well before the lease ends. */
async function renew(message: Renew, session: MessageContext): Promise<void> {
  const attempts = message.attempts.map(attemptFromWire);
  try {
    const wanted = await session.leases.renew(session.workerId, attempts);
    session.held.follow(wanted);
    await session.send({ $case: 'wanted', value: { attempts: wanted.map(wantedToWire) } });
  } catch (error) {
    session.log.warn({ workerId: session.workerId, reason: messageOf(error) }, 'renewal failed');
  }
}

async function recordMeasurements(key: AttemptKey, batch: MeasurementBatch, session: MessageContext): Promise<void> {
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

async function recordResult(key: AttemptKey, result: TrialResult, session: MessageContext): Promise<void> {
  const { leases } = session;
  const accepted = await stored(
    () => leases.finish(key, readOutcome(result)),
    (reason) => leases.finish(key, failureOf(reason)),
    session,
  );
  session.held.remove(key);
  await session.send({ $case: 'ack', value: { sequence: result.sequence, accepted } });
  session.wake();
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
  { log, workerId }: MessageContext,
): Promise<boolean> {
  try {
    return await write();
  } catch (error) {
    log.error({ workerId, err: error }, 'report not stored');
    if (error instanceof AbkdError && error.code === 'BAD_REQUEST') return instead(error.message);
    throw error;
  }
}
