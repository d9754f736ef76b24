/** What each error code means to a caller that wonders whether to try again. */
const retryableByCode = {
  /** The request is malformed (unparsable body, wrong type). */
  BAD_REQUEST: false,
  /** The request parsed but its content is not acceptable; `details.problems` lists every problem. */
  INVALID_SPEC: false,
  PAYLOAD_TOO_LARGE: false,
  UNSUPPORTED_MEDIA_TYPE: false,
  NOT_FOUND: false,
  /** The request contradicts the present state (cancelling a finished sweep, a second `abkd up`). */
  CONFLICT: false,
  /** The attempt no longer owns its trial; the worker stops it. */
  LEASE_LOST: false,
  /** A worker that may not attach: protocol version or kernel proof. */
  WORKER_REFUSED: false,
  /** A setting or argument names something impossible. */
  BAD_CONFIG: false,
  /** A dataset, weight file or binary that should be on this machine is missing or broken. */
  MISSING_DATA: false,
  /** The other side cannot be reached at present. */
  UNAVAILABLE: true,
  /** A bug; logged with a reference, answered without text. */
  INTERNAL: false,
} as const;

export type ErrorCode = keyof typeof retryableByCode;

/** One problem of a submitted document. */
export interface Problem {
  /** Where, as a path of the document: `tasks[0].dataset`, `search.space.alpha.step`. Empty for the whole document. */
  readonly path: string;
  /** What is wrong, what was found and what is allowed. */
  readonly message: string;
}

export interface ErrorDetails {
  readonly problems?: readonly Problem[];
  readonly [key: string]: unknown;
}

/**
 * The one error class of the system. The message names the action first, then current and wanted value:
 * `Cannot renew lease of trial "t1": lease expired 4200 ms ago`.
 */
export class AbkdError extends Error {
  override readonly name = 'AbkdError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly details?: ErrorDetails; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }

  /** True where the same call may succeed later without change. */
  get retryable(): boolean {
    return retryableByCode[this.code];
  }
}

/** The text of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
