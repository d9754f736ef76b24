import type { TrialState } from './trial.ts';

/**
 * What a task has of what it planned, counted from its rows: each planned trial (cell and replicate) is in one of the
 * counts of `trials`.
 */
export interface Coverage {
  /** Points that the task is to have, and different cells of those that have a result. */
  readonly cells: { readonly planned: number; readonly covered: number };
  readonly trials: {
    readonly planned: number;
    readonly succeeded: number;
    readonly failed: number;
    readonly pruned: number;
    /** Also those of points that a search did not come to choose before the sweep was cancelled. */
    readonly cancelled: number;
    /** Queued, running or waiting, or of points that a search is yet to choose. */
    readonly toCome: number;
  };
  /** Trials without a result that nothing will bring any more, but a rerun; the first of them. */
  readonly missing: { readonly count: number; readonly first: readonly MissingTrial[] };
  /** Accepted results of a cell and replicate beyond the first. */
  readonly duplicates: number;
  /** Attempts that gave no result because they failed, or because their worker was lost. */
  readonly extraAttempts: { readonly failed: number; readonly lost: number };
  /** True where every planned trial has a result (or was pruned) and none has two. */
  readonly complete: boolean;
}

export interface MissingTrial {
  readonly cell: string;
  readonly replicate: number;
  readonly state: Extract<TrialState, 'FAILED' | 'CANCELLED'>;
}

/** The certificate of a sweep: is each planned cell tried under each planned seed, and none of them twice? */

/** What of a task is counted from its rows. */
export interface CountedRows {
  /** Points that the task is to have. */
  readonly plannedPoints: number;
  /** Trials that it is to have. */
  readonly plannedTrials: number;
  /** True where nothing will order the trials that are not there. */
  readonly isStopped: boolean;
  /** Different cells with a trial that SUCCEEDED or was PRUNED. */
  readonly coveredCells: number;
  /** Trials by state. */
  readonly succeeded: number;
  readonly failed: number;
  readonly pruned: number;
  readonly cancelled: number;
  readonly open: number;
  /** Accepted results of a cell and replicate that has another one. */
  readonly duplicates: number;
  readonly failedAttempts: number;
  readonly lostAttempts: number;
  readonly missing: readonly MissingTrial[];
}

export function certify(rows: CountedRows): Coverage {
  const { succeeded, failed, pruned, duplicates, plannedTrials: planned } = rows;
  const unordered = planned - (succeeded + failed + pruned + rows.cancelled + rows.open);
  const cancelled = rows.cancelled + (rows.isStopped ? unordered : 0);
  const toCome = rows.open + (rows.isStopped ? 0 : unordered);
  return {
    cells: { planned: rows.plannedPoints, covered: rows.coveredCells },
    trials: { planned, succeeded, failed, pruned, cancelled, toCome },
    missing: { count: failed + cancelled, first: rows.missing },
    duplicates,
    extraAttempts: { failed: rows.failedAttempts, lost: rows.lostAttempts },
    complete: rows.coveredCells === rows.plannedPoints && succeeded + pruned === planned && duplicates === 0,
  };
}

/** Over the tasks of a sweep; of what is missing the first `listed`. */
export function addCoverage(all: readonly Coverage[], listed: number): Coverage {
  const sum = (count: (coverage: Coverage) => number) => all.reduce((total, coverage) => total + count(coverage), 0);
  return {
    cells: { planned: sum(({ cells }) => cells.planned), covered: sum(({ cells }) => cells.covered) },
    trials: {
      planned: sum(({ trials }) => trials.planned),
      succeeded: sum(({ trials }) => trials.succeeded),
      failed: sum(({ trials }) => trials.failed),
      pruned: sum(({ trials }) => trials.pruned),
      cancelled: sum(({ trials }) => trials.cancelled),
      toCome: sum(({ trials }) => trials.toCome),
    },
    missing: {
      count: sum(({ missing }) => missing.count),
      first: all.flatMap(({ missing }) => missing.first).slice(0, listed),
    },
    duplicates: sum(({ duplicates }) => duplicates),
    extraAttempts: {
      failed: sum(({ extraAttempts }) => extraAttempts.failed),
      lost: sum(({ extraAttempts }) => extraAttempts.lost),
    },
    complete: all.every(({ complete }) => complete),
  };
}
