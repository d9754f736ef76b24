import { messageOf } from '../../core/errors.ts';
import { TrialError } from '../trial/failure.ts';

/** A dataset file is missing or broken. */
export function missingData(message: string, cause?: unknown): TrialError {
  return new TrialError('MISSING_DATA', message, cause === undefined ? undefined : { cause });
}

/** The failure of reading `path`, in words that a user can act on. */
export function unreadableFile(path: string, error: unknown): TrialError {
  if (error instanceof TrialError) return error;
  return missingData(`Cannot read "${path}": ${isAbsent(error) ? 'no such file' : messageOf(error)}`, error);
}

function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
