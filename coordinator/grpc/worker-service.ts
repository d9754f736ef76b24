import { status } from '@grpc/grpc-js';
import { type AttemptKey, WantedState } from '../../core/attempt.ts';
import { AbkdError } from '../../core/errors.ts';
import type { SweepId, WorkerId } from '../../core/ids.ts';
import { createDeferred } from '../../platform/async.ts';
import { endWithStatus, writeMessage } from '../../platform/grpc/stream.ts';
import type { Logger } from '../../platform/logger.ts';
import { wantedToWire } from '../../proto/codec/attempt.ts';
import { helloFromWire } from '../../proto/codec/hello.ts';
import type { Hello, Wanted, WorkerMessage, WorkerServiceServer } from '../../proto/gen/abkd/v1/worker.ts';
import type { Bus } from '../bus/bus.ts';
import type { Events } from '../events.ts';
import type { LeaseService } from '../service/leases.ts';
import type { TrialService } from '../service/trials.ts';
import { assertProtocol, type WorkerService } from '../service/workers.ts';
import { toGrpcStatus } from './errors.ts';
import { createHeldAttempts, type HeldAttempts } from './held-attempts.ts';
import { openSession, type Session } from './session.ts';
import type { WorkerCall } from './session-messages.ts';
import type { SessionRegistry } from './session-registry.ts';

export interface WorkerHandlerOptions {
  readonly workers: WorkerService;
  readonly leases: LeaseService;
  readonly trials: TrialService;
  readonly sessions: SessionRegistry;
  readonly bus: Bus;
  readonly events: Events;
  /** How this coordinator calls itself to workers. */
  readonly name: string;
  readonly leaseMs: number;
  readonly renewMs: number;
  readonly pollMs: number;
  readonly random: () => number;
  /** Aborts when the coordinator stops; nobody is taken in any more. */
  readonly stopping: AbortSignal;
  readonly log: Logger;
}

/** A stream on which nothing is said for so long is ended. */
const helloTimeoutMs = 10_000;

export function createWorkerHandlers(options: WorkerHandlerOptions): WorkerServiceServer {
  return {
    attach: (call) => {
      admit(call, options).catch((error) => endWithStatus(call, toGrpcStatus(error, options.log)));
    },
  };
}

async function admit(call: WorkerCall, options: WorkerHandlerOptions): Promise<void> {
  const hello = await readHello(call);
  if (options.stopping.aborted) throw new AbkdError('UNAVAILABLE', 'Cannot attach worker: the coordinator is stopping');
  assertProtocol(hello, options.events);
  const { worker, proof, held } = helloFromWire(hello);
  await options.workers.attach(worker, proof, held.length);
  const attempts = createHeldAttempts(worker.slots);
  const wanted = await readopt(worker.id, held, attempts, options);
  takeIn(call, worker.id, attempts, options);
  const welcome = { coordinator: options.name, leaseMs: options.leaseMs, renewMs: options.renewMs, held: [...wanted] };
  await writeMessage(call, { message: { $case: 'welcome', value: welcome } });
  call.resume();
}

/** The first message. The stream is paused until its session reads on. */
function readHello(call: WorkerCall): Promise<Hello> {
  const hello = createDeferred<Hello>();
  const timer = setTimeout(
    () => endWithStatus(call, { code: status.DEADLINE_EXCEEDED, details: 'No hello came in time' }),
    helloTimeoutMs,
  );
  call.once('data', ({ message }: WorkerMessage) => {
    call.pause();
    clearTimeout(timer);
    if (message?.$case === 'hello') hello.resolve(message.value);
    else hello.reject(new AbkdError('BAD_REQUEST', 'Cannot attach worker: the first message is no hello'));
  });
  call.once('cancelled', () => clearTimeout(timer));
  call.once('end', () => {
    clearTimeout(timer);
    call.end();
  });
  return hello.promise;
}

/** Renews what the worker still runs, so that it goes on, and tells what of it is not its own any more. */
async function readopt(
  workerId: WorkerId,
  held: readonly AttemptKey[],
  attempts: HeldAttempts,
  { leases, trials }: WorkerHandlerOptions,
): Promise<readonly Wanted[]> {
  if (held.length === 0) return [];
  const wanted = await leases.renew(workerId, held);
  for (const attempt of wanted) {
    if (attempt.wanted === WantedState.STOP) continue;
    const { sweepId } = await trials.get(attempt.trialId);
    attempts.add(attempt, sweepId as SweepId);
  }
  return wanted.map(wantedToWire);
}

/** Opens the session. Nothing is assigned before the worker said that it is ready, which is read after Welcome. */
function takeIn(call: WorkerCall, workerId: WorkerId, held: HeldAttempts, options: WorkerHandlerOptions): void {
  const { sessions, workers } = options;
  let session: Session | null = null;
  session = openSession({
    call,
    workerId,
    held,
    leases: options.leases,
    bus: options.bus,
    pollMs: options.pollMs,
    random: options.random,
    log: options.log,
    onEnd: async (reason) => {
      if (sessions.remove(workerId, session)) await workers.detach(workerId, reason);
    },
  });
  sessions.add(session);
}
