import { AbkdError } from '../../core/errors.ts';

/** Node's words for a connection that cannot be made or broke. */
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/**
 * SQLSTATE classes and codes that pass by themselves: connection, resources, shutdown and recovery; serialisation
 * failure and deadlock; statement, lock and idle timeouts.
 */
const passingStates = /^(08...|53...|57P0.|57014|40001|40P01|55P03|25P03)$/;

/** Data exception: the statement was given a value that the database has no place for (a NUL, half a character). */
const unstorableStates = /^22...$/;

/** Prisma: connection errors, pool timeout, write conflict, too many connections. */
const passingPrismaCodes = /^(P10\d\d|P2024|P2034|P2037)$/;

/** What the pg driver and Prisma's adapter say without a code. */
const passingMessages = [
  'Connection terminated',
  'connection timeout',
  'timeout exceeded when trying to connect',
  'Query read timeout',
  'not queryable',
  'after calling end on the pool',
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
];

/**
 * What a caller of the store gets: an AbkdError as it is; UNAVAILABLE where trying again may help; BAD_REQUEST for a
 * value that cannot be stored; else INTERNAL.
 * The message never holds the database's own words, which may quote values; they are in `cause`, for the log.
 */
export function toStoreError(action: string, error: unknown): AbkdError {
  if (error instanceof AbkdError) return error;
  const chain = chainOf(error);
  if (chain.some(isPassing)) {
    return new AbkdError('UNAVAILABLE', `Cannot ${action}: the database cannot be reached at present`, {
      cause: error,
    });
  }
  if (chain.some(isUnstorable)) {
    return new AbkdError('BAD_REQUEST', `Cannot ${action}: it has a value that the database cannot hold`, {
      cause: error,
    });
  }
  return new AbkdError('INTERNAL', `Cannot ${action}: the database refused it`, { cause: error });
}

/** True where a UNIQUE constraint refused a row. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && Reflect.get(error, 'code') === '23505';
}

/** The error and everything that caused it; Prisma keeps the driver's error in `meta`. */
function chainOf(error: unknown): readonly object[] {
  const found = new Set<object>();
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null || found.has(value)) return;
    found.add(value);
    for (const key of ['cause', 'meta', 'driverAdapterError', 'errors']) visit(Reflect.get(value, key));
    if (Array.isArray(value)) value.forEach(visit);
  };
  visit(error);
  return [...found];
}

function isUnstorable(error: object): boolean {
  return ['code', 'originalCode'].some((key) => unstorableStates.test(String(Reflect.get(error, key) ?? '')));
}

function isPassing(error: object): boolean {
  const texts = ['code', 'originalCode', 'kind', 'message'].map((key) => String(Reflect.get(error, key) ?? ''));
  const isPassingCode = (text: string) =>
    networkCodes.has(text) || passingStates.test(text) || passingPrismaCodes.test(text);
  return texts.some((text) => isPassingCode(text) || passingMessages.some((part) => text.includes(part)));
}
