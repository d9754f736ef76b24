import type { AttemptKey } from './attempt.ts';
import type { CheckpointRef } from './checkpoint.ts';
import type { SweepId, TaskId } from './ids.ts';
import type { TaskDefinition } from './task.ts';

/** Everything that a worker needs to run one attempt. */
export interface TrialAssignment extends AttemptKey {
  readonly sweepId: SweepId;
  readonly taskId: TaskId;
  readonly definition: TaskDefinition;
  readonly params: Readonly<Record<string, number>>;
  /** Unsigned 32-bit training seed. */
  readonly seed: number;
  readonly replicate: number;
  /** The attempt is ended after this many milliseconds. */
  readonly timeoutMs: number;
  /** Left by an earlier attempt; null = none. */
  readonly checkpoint: CheckpointRef | null;
  /** Step (epoch) after which the trial saves its state and pauses, to be judged; null = it runs to its end. */
  readonly untilStep: number | null;
}
