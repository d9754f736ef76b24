/** Files over streaming gRPC calls, and what the coordinator's errors mean to an agent. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ClientReadableStream, ClientWritableStream, ServiceError } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { AbkdError } from '../core/errors.ts';

/** One message's share of a file. gRPC takes messages of 4 MiB by default. */
const chunkBytes = 1024 * 1024;

/** A message of an upload: a header first, then chunks of the file. */
type UploadPart<Header> = {
  readonly part:
    | { readonly $case: 'header'; readonly value: Header }
    | { readonly $case: 'chunk'; readonly value: Buffer };
};

/**
 * Sends a header and the file at `path` over the call that `start` opens.
 * @param signal cancels the call
 * @throws {AbkdError} LEASE_LOST, NOT_FOUND, UNAVAILABLE, INTERNAL
 */
export function uploadFile<Header>(
  action: string,
  start: (done: (error: ServiceError | null) => void) => ClientWritableStream<UploadPart<Header>>,
  header: Header,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = start((error) => {
      signal?.removeEventListener('abort', cancel);
      if (error === null) resolve();
      else reject(toAbkdError(action, error));
    });
    const cancel = () => stream.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    const send = async () => {
      stream.write({ part: { $case: 'header', value: header } });
      for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes })) {
        const more = stream.write({ part: { $case: 'chunk', value: chunk as Buffer } });
        if (!more) await drained(stream);
      }
      stream.end();
    };
    send().catch((error) => {
      stream.cancel();
      reject(error);
    });
  });
}

/** Resolves when more may be written, or the stream is over (the call's answer then tells why). */
function drained(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      for (const event of ['drain', 'close', 'error']) stream.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'close', 'error']) stream.once(event, done);
  });
}

/**
 * Writes what comes over the call to `path`.
 * @param mostBytes what comes beyond them ends the call
 * @throws {AbkdError} LEASE_LOST, NOT_FOUND, UNAVAILABLE, INTERNAL
 */
export async function downloadFile(
  action: string,
  stream: ClientReadableStream<{ readonly chunk: Buffer }>,
  path: string,
  mostBytes = Number.POSITIVE_INFINITY,
): Promise<void> {
  const file = await open(path, 'w');
  let bytes = 0;
  try {
    for await (const part of stream) {
      const { chunk } = part as { readonly chunk: Buffer };
      bytes += chunk.length;
      // Leaving the loop cancels the call.
      if (bytes > mostBytes) throw new AbkdError('INTERNAL', `Cannot ${action}: more than ${mostBytes} bytes came`);
      await file.write(chunk);
    }
  } catch (error) {
    throw isServiceError(error) ? toAbkdError(action, error) : error;
  } finally {
    await file.close();
  }
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;
}

/** Failures of the connection and of the coordinator's own services pass; the rest is an answer. */
const retryableCodes: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.RESOURCE_EXHAUSTED,
]);

/** What an answer of the coordinator's services means. */
export function toAbkdError(action: string, error: ServiceError): AbkdError {
  const message = `Cannot ${action}: ${error.details}`;
  if (error.code === status.FAILED_PRECONDITION) return new AbkdError('LEASE_LOST', message);
  if (error.code === status.NOT_FOUND) return new AbkdError('NOT_FOUND', message);
  return new AbkdError(retryableCodes.has(error.code) ? 'UNAVAILABLE' : 'INTERNAL', message);
}
