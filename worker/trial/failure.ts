import { AbkdError } from '../../core/errors.ts';
import type { FailureKind, TrialFailure } from '../../core/trial.ts';

/** Ends a trial with a named failure; anything else that is thrown becomes EXCEPTION (or OUT_OF_MEMORY). */
export class TrialError extends Error {
  override readonly name = 'TrialError';
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Ends a trial, which is no failure, at the step up to which it is assigned. */
export class TrialPaused extends Error {
  override readonly name = 'TrialPaused';

  constructor(step: number) {
    super(`The trial pauses after step ${step}`);
  }
}

/** Lines of a stack that are worth showing: the message and the innermost calls. */
const stackLines = 6;

/**
 * How allocators say that they have nothing left: V8 ("Array buffer allocation failed"), WebAssembly
 * ("WebAssembly.Memory.grow(): Maximum memory size exceeded"), Emscripten ("Aborted(OOM)", "Cannot enlarge memory"),
 * device backends ("OOM when allocating tensor", "out of memory").
 */
const outOfMemoryPattern =
  /out of memory|\bOOM\b|allocation failed|could not allocate|maximum memory size exceeded|cannot enlarge memory|failed to allocate/i;

/** True where a text is an allocator's complaint. */
export function tellsOutOfMemory(text: string): boolean {
  return outOfMemoryPattern.test(text);
}

/** The named failure for whatever a trial threw. */
export function failureOf(thrown: unknown): TrialFailure {
  if (thrown instanceof TrialError) return { kind: thrown.kind, message: thrown.message };
  if (thrown instanceof AbkdError && thrown.code === 'MISSING_DATA') {
    return { kind: 'MISSING_DATA', message: thrown.message };
  }
  if (!(thrown instanceof Error)) return { kind: 'EXCEPTION', message: String(thrown) };
  const message = (thrown.stack ?? thrown.message).split('\n').slice(0, stackLines).join('\n');
  return { kind: tellsOutOfMemory(thrown.message) ? 'OUT_OF_MEMORY' : 'EXCEPTION', message };
}
