import { randomUUID } from 'node:crypto';
import { type StatusObject, status } from '@grpc/grpc-js';
import { AbkdError, type ErrorCode, type Problem } from '../../core/errors.ts';
import type { Logger } from '../../platform/logger.ts';

const statusByCode: Readonly<Record<ErrorCode, status>> = {
  BAD_REQUEST: status.INVALID_ARGUMENT,
  INVALID_SPEC: status.INVALID_ARGUMENT,
  UNSUPPORTED_MEDIA_TYPE: status.INVALID_ARGUMENT,
  PAYLOAD_TOO_LARGE: status.RESOURCE_EXHAUSTED,
  NOT_FOUND: status.NOT_FOUND,
  CONFLICT: status.FAILED_PRECONDITION,
  LEASE_LOST: status.FAILED_PRECONDITION,
  WORKER_REFUSED: status.FAILED_PRECONDITION,
  MISSING_DATA: status.FAILED_PRECONDITION,
  UNAVAILABLE: status.UNAVAILABLE,
  BAD_CONFIG: status.INTERNAL,
  INTERNAL: status.INTERNAL,
};

/** Details travel in HTTP/2 trailers, for which peers commonly allow 8 KiB in all. */
const maxDetailsLength = 4_000;

/** What a caller sees of anything thrown: our own errors with their text, all else under a reference only. */
export function toGrpcStatus(thrown: unknown, log: Logger): Pick<StatusObject, 'code' | 'details'> {
  if (thrown instanceof AbkdError && thrown.code !== 'INTERNAL' && thrown.code !== 'BAD_CONFIG') {
    const details = [thrown.message, ...(thrown.details.problems ?? []).map(lineOf)].join('\n');
    return { code: statusByCode[thrown.code], details: shortened(details) };
  }
  const reference = randomUUID();
  log.error({ err: thrown, reference }, 'gRPC call failed');
  return { code: status.INTERNAL, details: `Internal error, reference ${reference}` };
}

function lineOf({ path, message }: Problem): string {
  return path === '' ? `- ${message}` : `- ${path}: ${message}`;
}

function shortened(text: string): string {
  return text.length <= maxDetailsLength ? text : `${text.slice(0, maxDetailsLength)}\n...`;
}
