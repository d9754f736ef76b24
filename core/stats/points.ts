import type { PointResult } from '../api/summary.ts';
import { type LandmarkName, landmarkNames, landmarkSource } from '../space/geometry.ts';
import type { TrialPurpose, TrialState } from '../trial.ts';
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
  /** Selection value of each seed of the search that SUCCEEDED. */
  readonly selectionBySeed: ReadonlyMap<number, number>;
  /** The same of each fresh seed that confirmed the point; empty while any point of the fingerprint is being confirmed. */
  readonly freshBySeed: ReadonlyMap<number, number>;
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
  const isConfirming = rows.some(({ purpose, state }) => purpose === 'CONFIRM' && unfinished.has(state));
  return [...groupBy(rows, (row) => row.cell).values()]
    .map((own) => poolPoint(own, isConfirming))
    .sort((a, b) => a.ordinal - b.ordinal);
}

/** Means over the seeds that SUCCEEDED, of a confirmed point over its fresh ones; null where none has. */
export function pointResult(point: PointTrials): PointResult | null {
  const search = estimate([...point.selectionBySeed.values()]);
  const fresh = estimate([...point.freshBySeed.values()]);
  const selection = fresh ?? search;
  if (selection === null) return null;
  const { cell, params, sources, inSpace, trials } = point;
  const purpose = fresh === null ? 'SEARCH' : 'CONFIRM';
  const succeeded = trials.filter((trial) => trial.state === 'SUCCEEDED' && trial.purpose === purpose);
  return {
    cell,
    params,
    sources,
    inSpace,
    selection,
    test: estimate(succeeded.flatMap((trial) => trial.testValue ?? [])),
    search: fresh === null ? null : search,
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

/** The landmarks among the points, in the order of their names. */
export function landmarksAmong<Point extends Pick<PointTrials, 'sources'>>(
  points: readonly Point[],
): readonly { readonly name: LandmarkName; readonly point: Point }[] {
  return landmarkNames.flatMap((name) => {
    const point = points.find(({ sources }) => sources.includes(landmarkSource(name)));
    return point === undefined ? [] : [{ name, point }];
  });
}

/** Values that the point is judged by. */
export function judgedBySeed({ freshBySeed, selectionBySeed }: PointTrials): ReadonlyMap<number, number> {
  return freshBySeed.size > 0 ? freshBySeed : selectionBySeed;
}

/** Every value of the point, fresh ones among them. */
export function allBySeed({ freshBySeed, selectionBySeed }: PointTrials): ReadonlyMap<number, number> {
  return new Map([...selectionBySeed, ...freshBySeed]);
}

function poolPoint(rows: readonly SummaryRow[], isConfirming: boolean): PointTrials {
  const { cell, params } = rows[0]!;
  const trials = [...groupBy(rows, (row) => row.seed).values()].map(firstToCount);
  return {
    cell,
    params,
    sources: [...new Set(rows.flatMap((row) => row.sources))],
    inSpace: rows.some((row) => row.inSpace),
    ordinal: Math.min(...rows.map((row) => row.ordinal)),
    trials,
    selectionBySeed: selectionOf(trials, 'SEARCH'),
    freshBySeed: isConfirming ? new Map() : selectionOf(trials, 'CONFIRM'),
  };
}

function selectionOf(trials: readonly SummaryRow[], wanted: TrialPurpose): ReadonlyMap<number, number> {
  return new Map(
    trials.flatMap(({ seed, purpose, state, selectionValue }) =>
      purpose === wanted && state === 'SUCCEEDED' && selectionValue !== null ? [[seed, selectionValue] as const] : [],
    ),
  );
}

function firstToCount(trials: readonly SummaryRow[]): SummaryRow {
  return trials.reduce((best, trial) => (precedence[trial.state] < precedence[best.state] ? trial : best));
}
