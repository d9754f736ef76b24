import type { handleServerStreamingCall, handleUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import { endWithStatus, writeMessage } from '../../platform/grpc/stream.ts';
import type { Logger } from '../../platform/logger.ts';
import { toGrpcStatus } from './errors.ts';

/** A unary call as a function from request to answer; what it throws becomes the call's status. */
export function unary<Request, Answer>(
  log: Logger,
  answer: (request: Request) => Promise<Answer>,
): handleUnaryCall<Request, Answer> {
  return (call, callback) => {
    answer(call.request).then(
      (value) => callback(null, value),
      (error) => callback(toGrpcStatus(error, log)),
    );
  };
}

/** A streaming answer as messages that follow each other as fast as the caller reads; `signal` aborts when it leaves. */
export function serverStream<Request, Answer>(
  log: Logger,
  answers: (request: Request, signal: AbortSignal) => AsyncIterable<Answer>,
): handleServerStreamingCall<Request, Answer> {
  const send = async (call: ServerWritableStream<Request, Answer>, signal: AbortSignal) => {
    for await (const answer of answers(call.request, signal)) {
      if (!(await writeMessage(call, answer))) return;
    }
    call.end();
  };
  return (call) => {
    const left = new AbortController();
    call.on('cancelled', () => left.abort());
    send(call, left.signal)
      .catch((error) => endWithStatus(call, toGrpcStatus(error, log)))
      .finally(() => left.abort());
  };
}
