import type { ServerDuplexStream, ServerWritableStream, StatusObject } from '@grpc/grpc-js';

/** The side of a stream that a server writes to. */
type WritableCall<Message> = Pick<
  ServerDuplexStream<unknown, Message> | ServerWritableStream<unknown, Message>,
  'write' | 'cancelled' | 'destroyed' | 'writableEnded' | 'once' | 'off' | 'emit'
>;

const wakeEvents = ['drain', 'finish', 'cancelled', 'close', 'error'] as const;

/**
 * Writes one message and waits while the peer's window is full, so that a slow reader slows its writer down.
 * False where the stream was over before the message could be handed on.
 */
export async function writeMessage<Message>(call: WritableCall<Message>, message: Message): Promise<boolean> {
  if (isOver(call)) return false;
  if (call.write(message)) return true;
  await new Promise<void>((resolve) => {
    const done = () => {
      for (const event of wakeEvents) call.off(event, done);
      resolve();
    };
    for (const event of wakeEvents) call.once(event, done);
  });
  return !isOver(call);
}

/** True where nothing that is written can reach the peer any more. */
export function isOver(call: WritableCall<never>): boolean {
  return call.cancelled || call.destroyed || call.writableEnded;
}

/** Ends a stream with a status that is not OK. */
export function endWithStatus<Message>(
  call: WritableCall<Message>,
  status: Pick<StatusObject, 'code' | 'details'>,
): void {
  if (!isOver(call)) call.emit('error', status);
}
