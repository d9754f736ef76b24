/**
 * What a task's search does next, as a pure function of what the store knows: the same code decides in a coordinator,
 * in a replay and in a simulation.
 */
import { type JudgedTrial, judgePoint } from '../earlystop/judged.ts';
import { type Decision, decide, leftFor, type SeenPoint } from './decide.ts';
import type { SearchPlan } from './plan.ts';
import { changesBetween, type PointResult, SearchLedger, type StepRecord, searchVersion } from './record.ts';
import type { Suggestion } from './strategy.ts';

/**
 * PLANNED: all trials were known at submission. OPEN: results decide on further ones. FINISHED: no more will come.
 * STOPPED: the sweep was cancelled while OPEN; a rerun of what is missing makes it OPEN again.
 */
export type SearchState = 'PLANNED' | 'OPEN' | 'FINISHED' | 'STOPPED';

/** A trial as the search sees it. */
export interface SearchedTrial extends JudgedTrial {
  /** Selection value of a trial that succeeded. */
  readonly value: number | null;
}

/** A point as the search sees it. */
export interface SearchedPoint extends Pick<Suggestion, 'cell' | 'params'> {
  /** Place in the order of suggestion, from 0, without gaps. */
  readonly ordinal: number;
  /** True where the strategy chose it (and perhaps a landmark names it too). */
  readonly isChosen: boolean;
  /** False for a landmark outside the space. */
  readonly inSpace: boolean;
  /** In the order of the replicates; confirming trials are not among them. */
  readonly trials: readonly SearchedTrial[];
}

/** What a step of a search is computed from. */
export interface SearchHistory {
  /** All points of the task in the order of their ordinals. */
  readonly points: readonly SearchedPoint[];
  /** All steps so far in their order. */
  readonly steps: readonly StepRecord[];
}

/** A decision with what is kept of it. */
export interface SearchStep extends Decision {
  readonly record: StepRecord;
}

/**
 * The next step of an open search; null where it has to wait for results.
 * @param wanted how many more points or further seeds there should be on their way, if the search has them
 */
export function nextStep(plan: SearchPlan, { points, steps }: SearchHistory, wanted: number): SearchStep | null {
  const ledger = readSteps(steps);
  const results = points.map((point) => ({ ordinal: point.ordinal, result: resultOf(point) }));
  const seen = changesBetween(ledger.results, results);
  ledger.see(seen);
  const decision = decide(plan, seenPoints(plan, points, ledger), { wanted, isStopped: ledger.isStopped });
  if (decision === null) return null;
  return { ...decision, record: recordOf(plan, { wanted, seen, decision, firstOrdinal: points.length }) };
}

/**
 * How many points an open search may still add, as far as is known before it decides.
 * @param planned points that there will be at most
 */
export function pointsToCome(plan: SearchPlan, { points, steps }: SearchHistory, planned: number): number {
  const ledger = readSteps(steps);
  if (ledger.isStopped) return 0;
  const known = points.map(({ ordinal, isChosen }) => {
    return { isChosen, trials: plan.replicates.min + (ledger.furtherSeeds.get(ordinal) ?? 0) };
  });
  const left = leftFor(plan, known);
  return Math.max(0, Math.min(planned - points.length, left.points, Math.floor(left.trials / plan.replicates.min)));
}

/** The points that the ledger has seen, as a strategy is told of them. */
export function seenPoints(
  { replicates }: SearchPlan,
  points: readonly Omit<SearchedPoint, 'trials'>[],
  { results, furtherSeeds, traces }: SearchLedger,
): readonly SeenPoint[] {
  return points.flatMap(({ ordinal, cell, params, isChosen, inSpace }) => {
    const result = results.get(ordinal);
    if (result === undefined) return [];
    const trace = traces.get(ordinal);
    const trials = replicates.min + (furtherSeeds.get(ordinal) ?? 0);
    return { ordinal, cell, params, isChosen, inSpace, trials, result, ...(trace === undefined ? {} : { trace }) };
  });
}

function readSteps(steps: readonly StepRecord[]): SearchLedger {
  const ledger = new SearchLedger();
  for (const step of steps) {
    ledger.see(step.seen);
    ledger.enter(step);
  }
  return ledger;
}

function recordOf(
  { seed }: SearchPlan,
  made: Pick<StepRecord, 'wanted' | 'seen'> & { readonly decision: Decision; readonly firstOrdinal: number },
): StepRecord {
  const { wanted, seen, decision, firstOrdinal } = made;
  const { trials, stop, isFinished } = decision;
  return {
    ...{ version: searchVersion, seed, wanted, seen, trials, stop, isFinished },
    points: decision.points.map(({ trace }, place) => ({ ordinal: firstOrdinal + place, trace: trace ?? null })),
  };
}

/**
 * A point has a result once one of its trials has succeeded, or all have ended without, or all have reached a rung of
 * early stopping; until then it is pending.
 */
function resultOf({ ordinal, trials }: SearchedPoint): PointResult | null {
  const ended = trials.flatMap(({ state, value }, replicate) =>
    state === 'open' || state === 'waiting' ? [] : [[replicate, value] as const],
  );
  const rungs = (judgePoint(ordinal, trials)?.reached ?? []).map(({ epoch, value }) => {
    return { epoch, value, count: trials.filter((trial) => hasReached(trial, epoch)).length };
  });
  const hasResult = trials.some(({ value }) => value !== null) || ended.length === trials.length || rungs.length > 0;
  if (!hasResult) return null;
  return { values: Object.fromEntries(ended), ...(rungs.length === 0 ? {} : { rungs }) };
}

function hasReached({ pauses }: SearchedTrial, epoch: number): boolean {
  return pauses?.values.some((at) => at.epoch === epoch) ?? false;
}
