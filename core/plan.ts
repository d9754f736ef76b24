import type { SearchState } from './search/session.ts';
import type { TransferSource } from './search/transfer.ts';
import type { TaskDefinition } from './task.ts';
import type { TrialPurpose } from './trial.ts';

/** Everything that a submitted spec will do, before anything is stored. Made by `core/spec/expand.ts`. */
export interface SweepPlan {
  readonly name: string;
  /** The spec as validated, defaults filled in; stored as JSON. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly priority: number;
  /** Trials of this sweep that may run at once. */
  readonly maxParallel: number;
  /** Failed attempts of a trial that are tried again. */
  readonly retries: number;
  /** Longest run of one attempt, milliseconds. */
  readonly timeoutMs: number;
  readonly tasks: readonly TaskPlan[];
  /** Things the user should know that are not errors (a landmark without published value was skipped). */
  readonly warnings: readonly string[];
}

export interface TaskPlan {
  readonly ordinal: number;
  readonly definition: TaskDefinition;
  /** sha256 hex over everything that must agree for two results to be comparable. */
  readonly fingerprint: string;
  /** The same hash without the objective: tasks that share it may be set side by side (a baseline and an abkd task). */
  readonly comparisonKey: string;
  readonly searchState: SearchState;
  /** Points that the task will have in the end: those of `points`, and what an open search will add, at most. */
  readonly plannedPoints: number;
  /** Trials that it will have in the end, further seeds and confirming ones included. */
  readonly plannedTrials: number;
  readonly points: readonly PointPlan[];
  /** Finished tasks that an open search starts from. @default none */
  readonly sources?: readonly TransferSource[];
  readonly warnings: readonly string[];
}

export interface PointPlan {
  /** Place in the order of suggestion, from 0, without gaps. */
  readonly ordinal: number;
  /** Exact decimal text of the parameters, the point's identity within its task: `alpha=0.1,beta=-0.2`. */
  readonly cell: string;
  readonly params: Readonly<Record<string, number>>;
  /** `grid`, `random`, `landmark:fkl`, ...: every reason why the point is here. */
  readonly sources: readonly string[];
  /** False for a landmark outside the space: it runs, but is no search cell. */
  readonly inSpace: boolean;
  /** Epoch at which its trials first pause, to be judged by early stopping; null = they run to their end. */
  readonly firstRung: number | null;
  readonly trials: readonly TrialPlan[];
}

export interface TrialPlan {
  /** From 0. Replicate k of every point of a task has the same seed (common random numbers). */
  readonly replicate: number;
  readonly purpose: TrialPurpose;
  /** Training seed, an unsigned 32-bit integer. */
  readonly seed: number;
}
