/** Computes the steps of a search again from what was recorded with them. */
import { canonicalJson } from '../spec/canonical.ts';
import { type Decision, decide } from './decide.ts';
import type { SearchPlan } from './plan.ts';
import { SearchLedger, type StepRecord } from './record.ts';
import { type SearchedPoint, seenPoints } from './session.ts';

/** A point of a search; what its trials gave is told by the records. */
export type RecordedPoint = Omit<SearchedPoint, 'trials'>;

export interface ReplayReport {
  /** Steps of the search, and those that came out the same. */
  readonly steps: number;
  readonly reproduced: number;
  /** The same for the points that the strategy suggested. */
  readonly suggestions: { readonly made: number; readonly reproduced: number };
  /** The first step that came out differently. */
  readonly difference: ReplayDifference | null;
}

export interface ReplayDifference {
  readonly step: number;
  /** Version of the search that made the step. */
  readonly version: number;
  readonly recorded: ReplayedDecision;
  /** Null where the search would have waited. */
  readonly recomputed: ReplayedDecision | null;
}

/** What is compared of a decision. */
export interface ReplayedDecision extends Pick<StepRecord, 'trials' | 'stop' | 'isFinished'> {
  readonly points: readonly { readonly cell: string | null; readonly trace: unknown }[];
}

/**
 * Every decision is compared to the last bit: cells and traces of new points, further and confirming trials, the reason to
 * stop. A difference does not spread: each step is computed from what is recorded.
 * @param points all points of the task in the order of their ordinals
 * @param steps all steps of its search in their order
 */
export function replaySearch(
  plan: SearchPlan,
  points: readonly RecordedPoint[],
  steps: readonly StepRecord[],
): ReplayReport {
  const differences: ReplayDifference[] = [];
  const ledger = new SearchLedger();
  let [made, reproduced] = [0, 0];
  for (const [step, record] of steps.entries()) {
    ledger.see(record.seen);
    const { wanted, seed, version } = record;
    const again = decide({ ...plan, seed }, seenPoints(plan, points, ledger), { wanted, isStopped: ledger.isStopped });
    const recorded = recordedDecision(record, points);
    const recomputed = again === null ? null : replayedDecision(again);
    made += recorded.points.length;
    reproduced += recorded.points.filter((point, place) => isSame(point, recomputed?.points[place])).length;
    if (!isSame(recorded, recomputed)) differences.push({ step, version, recorded, recomputed });
    ledger.enter(record);
  }
  return {
    steps: steps.length,
    reproduced: steps.length - differences.length,
    suggestions: { made, reproduced },
    difference: differences[0] ?? null,
  };
}

function recordedDecision(
  { points, trials, stop, isFinished }: StepRecord,
  all: readonly RecordedPoint[],
): ReplayedDecision {
  const chosen = points.map(({ ordinal, trace }) => ({ cell: all[ordinal]?.cell ?? null, trace }));
  return { points: chosen, trials, stop, isFinished };
}

function replayedDecision({ points, trials, stop, isFinished }: Decision): ReplayedDecision {
  return { points: points.map(({ cell, trace }) => ({ cell, trace: trace ?? null })), trials, stop, isFinished };
}

/** Compared as JSON, the form in which records are kept. */
function isSame(recorded: unknown, recomputed: unknown): boolean {
  return canonicalJson(recorded) === canonicalJson(recomputed);
}
