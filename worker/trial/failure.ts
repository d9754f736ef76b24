import type { FailureKind } from '../../core/trial.ts';

/** Ends a trial with a named failure; anything else that is thrown becomes EXCEPTION (or OUT_OF_MEMORY). */
export class TrialError extends Error {
  override readonly name = 'TrialError';
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
