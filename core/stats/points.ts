import type { PointResult } from '../api.ts';
import type { TrialState } from '../trial.ts';
import { estimate } from './estimate.ts';
import { groupBy } from './group.ts';
import type { SummaryRow } from './row.ts';

/** All trials of one cell within one fingerprint, one per seed. */
export interface PointTrials {
  readonly cell: string;
  readonly params: Readonly<Record<string, number>>;
  /** Every reason why the point is there, over all sweeps. */
  readonly sources: readonly string[];
  readonly inSpace: boolean;
  /** Smallest place in the order of suggestion, over all sweeps. */
  readonly ordinal: number;
  readonly trials: readonly SummaryRow[];
  /** Selection value of each seed that SUCCEEDED. */
  readonly selectionBySeed: ReadonlyMap<number, number>;
}

/** Which of several trials of one (cell, seed) counts: the first SUCCEEDED one, else one that may still succeed. */
const precedence: Readonly<Record<TrialState, number>> = {
  SUCCEEDED: 0,
  RUNNING: 1,
  WAITING: 1,
  QUEUED: 1,
  FAILED: 2,
  PRUNED: 3,
  CANCELLED: 4,
};

const unfinished: ReadonlySet<TrialState> = new Set(['QUEUED', 'RUNNING', 'WAITING']);

/** The points of one fingerprint, in order of suggestion; the same cell of two sweeps is one point. */
export function poolPoints(rows: readonly SummaryRow[]): readonly PointTrials[] {
  return [...groupBy(rows, (row) => row.cell).values()].map(poolPoint).sort((a, b) => a.ordinal - b.ordinal);
}

/** Means over the seeds that SUCCEEDED; null where none has. */
export function pointResult(point: PointTrials): PointResult | null {
  const selection = estimate([...point.selectionBySeed.values()]);
  if (selection === null) return null;
  const { cell, params, sources, inSpace, trials } = point;
  const succeeded = trials.filter((trial) => trial.state === 'SUCCEEDED');
  return {
    cell,
    params,
    sources,
    inSpace,
    selection,
    test: estimate(succeeded.flatMap((trial) => trial.testValue ?? [])),
    failed: failedTrials(point),
    pending: pendingTrials(point),
    scaleFactor: succeeded.find((trial) => trial.scaleFactor !== null)?.scaleFactor ?? null,
  };
}

export function failedTrials(point: PointTrials): number {
  return point.trials.filter((trial) => trial.state === 'FAILED').length;
}

export function pendingTrials(point: PointTrials): number {
  return point.trials.filter((trial) => unfinished.has(trial.state)).length;
}

function poolPoint(rows: readonly SummaryRow[]): PointTrials {
  const { cell, params } = rows[0]!;
  const trials = [...groupBy(rows, (row) => row.seed).values()].map(firstToCount);
  const selection = trials.flatMap((trial) =>
    trial.state === 'SUCCEEDED' && trial.selectionValue !== null ? [[trial.seed, trial.selectionValue] as const] : [],
  );
  return {
    cell,
    params,
    sources: [...new Set(rows.flatMap((row) => row.sources))],
    inSpace: rows.some((row) => row.inSpace),
    ordinal: Math.min(...rows.map((row) => row.ordinal)),
    trials,
    selectionBySeed: new Map(selection),
  };
}

function firstToCount(trials: readonly SummaryRow[]): SummaryRow {
  return trials.reduce((best, trial) => (precedence[trial.state] < precedence[best.state] ? trial : best));
}
