/** The certificate of a sweep: is each planned cell tried under each planned seed, and none of them twice? */
import type { Coverage, MissingTrial } from './api.ts';

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
