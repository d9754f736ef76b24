import type { SweepId, TaskId } from '../ids.ts';
import type { TaskDefinition } from '../task.ts';
import type { TrialPurpose, TrialState } from '../trial.ts';

/** One trial with everything that the summary groups by and averages. */
export interface SummaryRow {
  readonly sweepId: SweepId;
  readonly taskId: TaskId;
  readonly dataset: string;
  readonly protocol: string;
  readonly metric: string;
  readonly teacher: string | null;
  readonly student: string;
  readonly objective: string;
  readonly definition: TaskDefinition;
  readonly fingerprint: string;
  readonly comparisonKey: string;
  /** Points that the task's open search is still to suggest. */
  readonly pointsToCome: number;
  readonly ordinal: number;
  readonly cell: string;
  readonly params: Readonly<Record<string, number>>;
  readonly sources: readonly string[];
  readonly inSpace: boolean;
  readonly scaleFactor: number | null;
  readonly replicate: number;
  readonly seed: number;
  readonly purpose: TrialPurpose;
  readonly state: TrialState;
  /** Epoch at which early stopping judges it next, where it waits, or was stopped; null = it runs to its end. */
  readonly rung: number | null;
  readonly selectionValue: number | null;
  readonly testValue: number | null;
  readonly teacherTest: number | null;
  /** Hash of the weights that taught; null where nobody did, or the trial has not succeeded. */
  readonly teacherSha256: string | null;
  readonly backend: string | null;
  readonly kernelId: string | null;
}
