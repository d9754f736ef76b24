/**
 * Conversation between the agent (parent) and the trial process of a slot (child), over Node's IPC channel.
 * The child serves trials one after another; the parent kills it on timeout, stall, failure or a change of task.
 */
import type { TrialSuccess } from '../../core/attempt.ts';
import type { FailureKind, TrialAssignment } from '../../core/trial.ts';

/** Something that is built once and then shared. */
export interface SharedFileRequest {
  readonly requestId: number;
  /**
   * `artifact`: built once for all hosts under a lease of the coordinator (trained teachers).
   * `host`: built once per host, kept in the cache folder (teacher outputs, decoded images).
   */
  readonly scope: 'artifact' | 'host';
  /** `teacher:<sha256>`, `teacher-outputs:<sha256>`, `images:<sha256>`: letters, digits, `:`, `-`. */
  readonly key: string;
}

export type ToTrialProcess =
  | { readonly kind: 'run'; readonly assignment: TrialAssignment }
  /** Stop the running trial soon; answered by `stopped`. */
  | { readonly kind: 'stop' }
  /** The file is there. */
  | {
      readonly kind: 'sharedFileReady';
      readonly requestId: number;
      readonly path: string;
      readonly sha256: string;
      readonly metadata: unknown;
    }
  /** The child builds it: write to `path`, then send `sharedFileBuilt` or `sharedFileFailed`. */
  | { readonly kind: 'sharedFileBuild'; readonly requestId: number; readonly path: string }
  | { readonly kind: 'sharedFileError'; readonly requestId: number; readonly message: string };

export type FromTrialProcess =
  /** The process is up and its backend works. Sent once. */
  | { readonly kind: 'ready'; readonly backend: string; readonly backendVersion: string; readonly deviceKind: string }
  /** Sign of life, at least every few seconds while a trial runs; `phase` is shown to people. */
  | { readonly kind: 'alive'; readonly phase: string }
  | { readonly kind: 'measurement'; readonly step: number; readonly values: Readonly<Record<string, number>> }
  | { readonly kind: 'succeeded'; readonly success: TrialSuccess }
  | { readonly kind: 'failed'; readonly failureKind: FailureKind; readonly message: string }
  | { readonly kind: 'stopped' }
  | ({ readonly kind: 'sharedFile' } & SharedFileRequest)
  | { readonly kind: 'sharedFileBuilt'; readonly requestId: number; readonly metadata: unknown }
  | { readonly kind: 'sharedFileFailed'; readonly requestId: number; readonly message: string };
