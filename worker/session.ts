/**
 * One stream to one coordinator: dial, Hello, Welcome, then messages both ways until it ends. A renewal goes out every
 * `renewMs` also while nothing runs; a coordinator that leaves two of them unanswered is taken for gone (half-open
 * connection), as is one that does not answer HTTP/2 pings.
 */
import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import type { AttemptKey } from '../core/attempt.ts';
import { AbkdError } from '../core/errors.ts';
import { createDeferred } from '../platform/async.ts';
import { attemptToWire } from '../proto/codec/attempt.ts';
import {
  ArtifactServiceClient,
  CheckpointServiceClient,
  type CoordinatorMessage,
  type Hello,
  type Welcome,
  WorkerServiceClient,
} from '../proto/gen/abkd/v1/worker.ts';
import type { OutgoingMessage } from './reporter.ts';

export type IncomingMessage = NonNullable<CoordinatorMessage['message']>;

export interface Session {
  readonly address: string;
  readonly welcome: Welcome;
  readonly artifacts: ArtifactServiceClient;
  readonly checkpoints: CheckpointServiceClient;
  send(message: OutgoingMessage): void;
  /** Settles with the reason when the stream is over; never rejects. */
  readonly ended: Promise<string>;
  close(): void;
}

export interface SessionOptions {
  readonly address: string;
  readonly hello: Hello;
  /** Attempts whose leases are to be renewed. */
  readonly held: () => readonly AttemptKey[];
  readonly receive: (message: IncomingMessage) => void;
  readonly signal: AbortSignal;
}

/** Time for the connection and the answer to Hello, milliseconds. */
const openTimeoutMs = 10_000;
/** Renewals that may be on their way unanswered. */
const maxUnanswered = 2;

const channelOptions = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  // Each session dials anew; the pause between tries is ours, not that of a shared connection.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
} as const;

/**
 * Dials and introduces the worker.
 * @throws {AbkdError} UNAVAILABLE where the coordinator cannot be reached; WORKER_REFUSED where it will not have this worker
 */
export function openSession(options: SessionOptions): Promise<Session> {
  const client = new WorkerServiceClient(options.address, credentials.createInsecure(), channelOptions);
  const opened = createDeferred<Session>();
  const ended = createDeferred<string>();
  const call = client.attach();
  let over = false;
  let heartbeat: Heartbeat | null = null;
  const send = (message: OutgoingMessage) => {
    if (!over) call.write({ message });
  };

  const end = (reason: AbkdError) => {
    over = true;
    clearTimeout(openTimer);
    heartbeat?.stop();
    options.signal.removeEventListener('abort', leave);
    opened.reject(reason);
    ended.resolve(reason.message);
    call.cancel();
    client.close();
  };
  const unavailable = (why: string) =>
    end(new AbkdError('UNAVAILABLE', `Cannot stay attached to coordinator at ${options.address}: ${why}`));
  const leave = () => unavailable('the worker leaves');
  const openTimer = setTimeout(() => unavailable(`no answer within ${openTimeoutMs} ms`), openTimeoutMs);
  options.signal.addEventListener('abort', leave, { once: true });

  const open = (welcome: Welcome) => {
    clearTimeout(openTimer);
    heartbeat = startHeartbeat(welcome.renewMs, options.held, send, () => unavailable('renewals are not answered'));
    const { address } = options;
    const sameChannel = [credentials.createInsecure(), { channelOverride: client.getChannel() }] as const;
    const artifacts = new ArtifactServiceClient(address, ...sameChannel);
    const checkpoints = new CheckpointServiceClient(address, ...sameChannel);
    opened.resolve({ address, welcome, artifacts, checkpoints, send, ended: ended.promise, close: leave });
  };

  call.on('data', ({ message }: CoordinatorMessage) => {
    heartbeat?.answered();
    if (message?.$case === 'welcome') open(message.value);
    else if (message !== undefined) options.receive(message);
  });
  call.on('error', (error: ServiceError) => end(refusalOf(error, options.address)));
  call.on('end', () => unavailable('the coordinator closed the stream'));
  send({ $case: 'hello', value: options.hello });
  return opened.promise;
}

interface Heartbeat {
  answered(): void;
  stop(): void;
}

function startHeartbeat(
  renewMs: number,
  held: () => readonly AttemptKey[],
  send: (message: OutgoingMessage) => void,
  onSilence: () => void,
): Heartbeat {
  let unanswered = 0;
  const timer = setInterval(() => {
    if (unanswered >= maxUnanswered) return onSilence();
    unanswered += 1;
    send({ $case: 'renew', value: { attempts: held().map(attemptToWire) } });
  }, renewMs);
  return {
    answered: () => {
      unanswered = 0;
    },
    stop: () => clearInterval(timer),
  };
}

/** Codes with which a coordinator turns a worker away for good; trying again would not help. */
const refusalCodes: ReadonlySet<status> = new Set([
  status.FAILED_PRECONDITION,
  status.INVALID_ARGUMENT,
  status.PERMISSION_DENIED,
  status.UNAUTHENTICATED,
]);

function refusalOf(error: ServiceError, address: string): AbkdError {
  if (refusalCodes.has(error.code)) {
    return new AbkdError('WORKER_REFUSED', `Coordinator at ${address} refuses this worker: ${error.details}`);
  }
  return new AbkdError('UNAVAILABLE', `Cannot stay attached to coordinator at ${address}: ${error.details}`);
}
