import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler } from 'express';
import type { ProblemAnswer } from '../../core/api/page.ts';
import { AbkdError, type ErrorCode } from '../../core/errors.ts';
import type { Logger } from '../../platform/logger.ts';

const statusByCode: Readonly<Record<ErrorCode, number>> = {
  BAD_REQUEST: 400,
  INVALID_SPEC: 422,
  UNSUPPORTED_MEDIA_TYPE: 415,
  PAYLOAD_TOO_LARGE: 413,
  NOT_FOUND: 404,
  CONFLICT: 409,
  LEASE_LOST: 409,
  WORKER_REFUSED: 403,
  MISSING_DATA: 409,
  UNAVAILABLE: 503,
  BAD_CONFIG: 500,
  INTERNAL: 500,
};

/** Answers everything thrown as problem+json (RFC 9457): our own errors with their text, all else under a reference. */
export function createErrorHandler(log: Logger): ErrorRequestHandler {
  return (thrown, _request, response, next) => {
    if (response.headersSent) return next(thrown);
    const problem = toProblem(thrown, log);
    if (problem.status === 405 || problem.status === 503) response.set(extraHeaders(thrown));
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  };
}

function toProblem(thrown: unknown, log: Logger): ProblemAnswer {
  const error = fromBodyReader(thrown) ?? thrown;
  if (error instanceof AbkdError && error.code !== 'INTERNAL' && error.code !== 'BAD_CONFIG') {
    const status = statusOf(error);
    return { ...describe(status, error.code, error.message), ...problemsOf(error) };
  }
  const reference = randomUUID();
  log.error({ err: thrown, reference }, 'HTTP request failed');
  return { ...describe(500, 'INTERNAL', 'An unexpected error was logged under this reference'), reference };
}

function describe(status: number, code: ErrorCode, detail: string): ProblemAnswer {
  return { type: `urn:abkd:error:${code}`, title: STATUS_CODES[status] ?? 'Error', status, detail, code };
}

function problemsOf({ details }: AbkdError): Pick<ProblemAnswer, 'problems'> {
  return details.problems === undefined ? {} : { problems: details.problems };
}

function statusOf(error: AbkdError): number {
  return error.details.allow === undefined ? statusByCode[error.code] : 405;
}

function extraHeaders(thrown: unknown): Readonly<Record<string, string>> {
  const allow = thrown instanceof AbkdError ? thrown.details.allow : undefined;
  return typeof allow === 'string' ? { Allow: allow } : { 'Retry-After': '1' };
}

/** Express and its body reader throw errors with a status between 400 and 499 for requests that are at fault. */
function fromBodyReader(thrown: unknown): AbkdError | null {
  if (!(thrown instanceof Error) || !('status' in thrown) || typeof thrown.status !== 'number') return null;
  if (thrown.status < 400 || thrown.status > 499) return null;
  const code = codeByStatus[thrown.status] ?? 'BAD_REQUEST';
  return new AbkdError(code, `Cannot read request: ${thrown.message}`, { cause: thrown });
}

const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  404: 'NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
};

/** The path exists, the method does not. `allow` lists those that do. */
export function methodNotAllowed(method: string, allow: string): AbkdError {
  return new AbkdError('BAD_REQUEST', `Cannot ${method} this path: expected ${allow}`, { details: { allow } });
}
