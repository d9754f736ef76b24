/**
 * Conversation between the agent (parent) and the trial process of a slot (child), over Node's IPC channel.
 * The child serves trials one after another; the parent kills it on timeout, stall, failure or a change of task.
 */

import type { TrialAssignment } from '../../core/assignment.ts';
import type { TrialSuccess } from '../../core/attempt.ts';
import type { FailureKind, TrialFailure } from '../../core/trial.ts';
import type { KernelProofValues } from '../../proto/codec/hello.ts';
import type { ResumePoint, SharedFileScope } from './context.ts';

/** What a trial process finds out about its host, so that the agent itself never loads a backend or opens a dataset. */
export interface HostDescription {
  readonly backend: string;
  readonly backendVersion: string;
  /** `cpu`, `cuda`, `webgpu`. */
  readonly deviceKind: string;
  /** What computes, as its driver names it. */
  readonly device: string;
  readonly proof: KernelProofValues;
  /** Names of the datasets whose files are here. */
  readonly datasets: readonly string[];
}

/** Something that is built once and then shared. */
export interface SharedFileRequest {
  readonly requestId: number;
  /**
   * `artifact`: built once for all hosts under a lease of the coordinator (trained teachers).
   * `host`: built once per host, kept in the cache folder (teacher outputs, decoded images).
   * `content`: whatever the coordinator stores under a hash; never built.
   */
  readonly scope: SharedFileScope;
  /**
   * `teacher:<sha256>`, `teacher-outputs:<sha256>`, `images:<sha256>`: letters, digits, `:`, `-`. Of `content` the hash.
   */
  readonly key: string;
  /** Size of the file if it is built; 0 where nobody knows. */
  readonly expectedBytes: number;
}

export type ToTrialProcess =
  /** Answered by `described`, or by `failed` where no backend works. */
  | { readonly kind: 'describe' }
  | { readonly kind: 'run'; readonly assignment: TrialAssignment; readonly resume: ResumePoint | null }
  /** Stop the running trial soon; answered by `stopped`, before it by `checkpoint` where the trial is to go on later. */
  | { readonly kind: 'stop'; readonly goesOn: boolean }
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
  | { readonly kind: 'sharedFileError'; readonly requestId: number; readonly failure: TrialFailure };

export type FromTrialProcess =
  /** The process is up and listens. Sent once. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'described'; readonly description: HostDescription }
  /**
   * Sign of life: sent within a second of every sign that the trial itself gives (`phase`, `yieldNow`, a shared file),
   * so that a trial that is stuck is silent even while its event loop turns. `phase` is shown to people.
   */
  | { readonly kind: 'alive'; readonly phase: string; readonly residentBytes: number }
  | { readonly kind: 'measurement'; readonly step: number; readonly values: Readonly<Record<string, number>> }
  | { readonly kind: 'warning'; readonly message: string }
  /** The trial's state after a step is in the file, which is the agent's from now on. */
  | { readonly kind: 'checkpoint'; readonly step: number; readonly path: string }
  | { readonly kind: 'succeeded'; readonly success: TrialSuccess; readonly residentBytes: number }
  | { readonly kind: 'failed'; readonly failureKind: FailureKind; readonly message: string }
  | { readonly kind: 'stopped'; readonly residentBytes: number }
  /** The trial came to the step up to which it is assigned; a `checkpoint` went before where it was written. */
  | { readonly kind: 'paused'; readonly residentBytes: number }
  | ({ readonly kind: 'sharedFile' } & SharedFileRequest)
  | { readonly kind: 'sharedFileBuilt'; readonly requestId: number; readonly metadata: unknown }
  | { readonly kind: 'sharedFileFailed'; readonly requestId: number; readonly message: string };
