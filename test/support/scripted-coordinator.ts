/** A real gRPC server that speaks the worker's protocol as a test tells it to, to see what a worker sends and when. */
import { Server, ServerCredentials, type ServerDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import {
  type CoordinatorMessage,
  type Hello,
  type WorkerMessage,
  WorkerServiceService,
} from '../../proto/gen/abkd/v1/worker.ts';

export type FromWorker = NonNullable<WorkerMessage['message']>;
type ToWorker = NonNullable<CoordinatorMessage['message']>;

/** One stream of a worker. */
export interface WorkerStream {
  readonly hello: Hello;
  /** Everything after Hello, in order. */
  readonly received: readonly FromWorker[];
  send(message: ToWorker): void;
  /** True once the worker's side is gone. */
  isOver(): boolean;
}

export interface ScriptedCoordinator {
  readonly address: string;
  /** Streams that said hello, oldest first. */
  readonly streams: readonly WorkerStream[];
  close(): void;
}

export interface Script {
  readonly port?: number;
  readonly renewMs?: number;
  /** Refuses every worker with this text. */
  readonly refuse?: string;
  /** @default answers renewals with an empty list; false = stays silent */
  readonly answerRenewals?: boolean;
  /** Called with every message, after it was recorded. */
  readonly onMessage?: (message: FromWorker, stream: WorkerStream) => void;
}

/** Script line: says yes to every numbered message. */
export function acknowledgeAll(message: FromWorker, stream: WorkerStream): void {
  if (message.$case !== 'measurements' && message.$case !== 'result') return;
  stream.send({ $case: 'ack', value: { sequence: message.value.sequence, accepted: true } });
}

export async function startScriptedCoordinator(script: Script = {}): Promise<ScriptedCoordinator> {
  const streams: WorkerStream[] = [];
  const server = new Server();
  server.addService(WorkerServiceService, {
    attach: (call: ServerDuplexStream<WorkerMessage, CoordinatorMessage>) => serveStream(call, script, streams),
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${script.port ?? 0}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { address: `127.0.0.1:${port}`, streams, close: () => server.forceShutdown() };
}

function serveStream(
  call: ServerDuplexStream<WorkerMessage, CoordinatorMessage>,
  script: Script,
  streams: WorkerStream[],
): void {
  const received: FromWorker[] = [];
  let over = false;
  let stream: WorkerStream | null = null;
  const send = (message: ToWorker) => void call.write({ message });
  const end = () => {
    over = true;
    call.end();
  };
  call.on('end', end);
  call.on('error', end);
  call.on('data', ({ message }: WorkerMessage) => {
    if (message?.$case === 'hello') {
      if (script.refuse !== undefined) {
        const refusal: Partial<ServiceError> = { code: status.FAILED_PRECONDITION, details: script.refuse };
        call.emit('error', refusal);
        return;
      }
      stream = { hello: message.value, received, send, isOver: () => over };
      streams.push(stream);
      const renewMs = script.renewMs ?? 200;
      send({ $case: 'welcome', value: { coordinator: 'scripted', leaseMs: renewMs * 3, renewMs, held: [] } });
    } else if (message !== undefined && stream !== null) {
      received.push(message);
      if (message.$case === 'renew' && script.answerRenewals !== false) {
        send({ $case: 'wanted', value: { attempts: [] } });
      }
      script.onMessage?.(message, stream);
    }
  });
}
