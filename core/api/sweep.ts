/** REST answers about sweeps, their tasks and what their searches did. */

import type { Coverage } from '../coverage.ts';
import type { StepRecord, StopFinding } from '../search/record.ts';
import type { SearchState } from '../search/session.ts';
import type { TransferSource, TransferState } from '../search/transfer.ts';
import type { RerunKind, SweepState } from '../sweep.ts';
import type { TaskDefinition } from '../task.ts';
import type { TrialCounts } from '../trial-counts.ts';
import type { PointResult } from './summary.ts';

export interface CreatedSweep {
  readonly id: string;
  readonly state: SweepState;
  readonly tasks: number;
  readonly plannedTrials: number;
  readonly warnings: readonly string[];
  readonly links: { readonly self: string; readonly trials: string; readonly summary: string; readonly cancel: string };
}

export interface SweepListItem {
  readonly id: string;
  readonly name: string;
  readonly state: SweepState;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly trials: TrialCounts;
  /** Trials that the sweep will have in the end: an open search adds to those that `trials` counts. */
  readonly plannedTrials: number;
}

export interface SweepAnswer extends SweepListItem {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly warnings: readonly string[];
  readonly tasks: readonly TaskProgress[];
  /** Seconds until the last trial ends, from the throughput so far; null while unknown or final. */
  readonly etaSeconds: number | null;
  /** Why queued trials cannot run on any attached worker, one sentence per unmet need; empty where they can. */
  readonly unmetNeeds: readonly string[];
}

/** What a rerun queued again. */
export interface RerunAnswer {
  readonly id: string;
  readonly state: SweepState;
  readonly which: RerunKind;
  /** Over all tasks. */
  readonly trials: number;
  readonly points: number;
  /** Those that have something to run again, in order. */
  readonly tasks: readonly {
    readonly id: string;
    readonly dataset: string;
    readonly objective: string;
    /** Trials that were queued again. */
    readonly trials: number;
    /** Points that its search, which the cancellation stopped, goes on to choose. */
    readonly points: number;
  }[];
}

export interface TaskProgress {
  readonly id: string;
  readonly ordinal: number;
  readonly dataset: string;
  readonly teacher: string | null;
  readonly student: string;
  readonly objective: string;
  readonly fingerprint: string;
  readonly definition: TaskDefinition;
  readonly points: number;
  readonly trials: TrialCounts;
  readonly plannedTrials: number;
  readonly coverage: Coverage;
  /** Null where all trials were known at submission. */
  readonly search: SearchProgress | null;
  /** Best point so far by mean selection value; null before the first success. */
  readonly best: PointResult | null;
}

/** How far a search is whose results decide what is tried next, or what is run again. */
export interface SearchProgress {
  readonly state: Exclude<SearchState, 'PLANNED'>;
  /**
   * Points that the strategy has chosen, and how many it will have: at most, where it may spend trials on further seeds.
   * Landmarks are not counted.
   */
  readonly suggested: number;
  readonly planned: number;
  /** Why it ended before its budget was spent; null where it did not. */
  readonly stopped: StopFinding | null;
  /** Null where the search starts from nothing. */
  readonly transfer: TransferProgress | null;
}

/** What finished tasks count for in a search, as of its latest suggestion. */
export interface TransferProgress {
  /** Null before the first suggestion. */
  readonly state: TransferState | null;
  /** All weights add up to 1; null before the first suggestion. */
  readonly own: number | null;
  readonly sources: readonly (Omit<TransferSource, 'points'> & { readonly weight: number | null })[];
}

/** The finished tasks that a task's search starts from, with the points that are kept of them. */
export interface TaskSources {
  readonly taskId: string;
  /** The most alike first. */
  readonly sources: readonly TransferSource[];
}

/** A point of a sweep. */
export interface PointAnswer {
  readonly taskId: string;
  /** Place within the task, in the order of suggestion. */
  readonly ordinal: number;
  readonly cell: string;
  readonly params: Readonly<Record<string, number>>;
  readonly sources: readonly string[];
  readonly inSpace: boolean;
  /** Step of the task's search that suggested it; null for points known at submission. */
  readonly step: number | null;
}

/** A step of a task's search, with enough to compute it again. */
export interface StepAnswer {
  readonly taskId: string;
  /** Place within the task, from 0. */
  readonly ordinal: number;
  readonly record: StepRecord;
}
