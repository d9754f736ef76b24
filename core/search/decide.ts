/** Which points are tried next, which get another seed, whether the search is over: from what it has seen, and nothing else. */
import { createRandom } from '../random.ts';
import { type Budget, budgetLeft, mostPoints } from './budget.ts';
import { confirmingTrials } from './confirmation.ts';
import { expectedAtEnd } from './extrapolate.ts';
import { startPoints } from './gp/strategy.ts';
import type { SearchPlan } from './plan.ts';
import type { AddedTrial, PointResult, StopFinding } from './record.ts';
import { createStrategy, methodEntry } from './registry.ts';
import { countSucceeded, meansWithoutReplicateEffects } from './replicate-effects.ts';
import { furtherSeed, type SeededPoint } from './replication.ts';
import { probabilityWithin } from './stop.ts';
import type { Suggestion } from './strategy.ts';

/** A point as a search is told of it. */
export interface SeenPoint extends Suggestion {
  readonly ordinal: number;
  readonly isChosen: boolean;
  readonly inSpace: boolean;
  /** Trials that the search has given it. */
  readonly trials: number;
  /** Null while it is on its way. */
  readonly result: PointResult | null;
}

export interface Decision {
  /** New points, to get the next ordinals and the least number of trials. */
  readonly points: readonly Suggestion[];
  /** Further trials of points that there are, in the order in which they should run. */
  readonly trials: readonly AddedTrial[];
  readonly stop: StopFinding | null;
  /** True where nothing will follow, whatever the open trials bring. */
  readonly isFinished: boolean;
}

/** Observed points beyond those before the model takes over that a stop rule waits for: an early fit is too sure of itself. */
const observedBeforeStop = 5;

/**
 * The next decision; null where the search has to wait for results: its budget is spent and the best points are to be
 * confirmed, or every point that could get another seed is on its way.
 * @param seen in the order of the ordinals
 */
export function decide(
  plan: SearchPlan,
  seen: readonly SeenPoint[],
  { wanted, isStopped }: { readonly wanted: number; readonly isStopped: boolean },
): Decision | null {
  if (wanted === 0) return null;
  const known = knowledgeOf(seen);
  if (isStopped || !methodEntry(plan.method).isAdaptive) return conclude(plan, known);
  const stop = findStop(plan, known);
  if (stop !== null) return { ...nothing, stop, isFinished: plan.confirm === null };
  const { points, trials, isExhausted } = extend(plan, known, wanted);
  if (points.length + trials.length > 0)
    return { points, trials, stop: null, isFinished: isExhausted && plan.confirm === null };
  return isExhausted || !hasOpenTrials(seen) ? conclude(plan, known) : null;
}

/** What has been seen, and what strategies are told of it. */
interface Knowledge {
  readonly seen: readonly SeenPoint[];
  /** Points with a result, in the order of suggestion. */
  readonly history: readonly SeededPoint[];
  /** Points on their way. */
  readonly pending: readonly SeenPoint[];
}

function knowledgeOf(seen: readonly SeenPoint[]): Knowledge {
  return { seen, history: historyOf(seen), pending: seen.filter(({ result }) => result === null) };
}

const nothing = { points: [], trials: [], stop: null } as const;

/** The end of a search: at once, or with the best points run again once all of them are known. */
function conclude({ confirm, ...search }: SearchPlan, { seen, history }: Knowledge): Decision | null {
  if (confirm === null) return { ...nothing, isFinished: true };
  if (hasOpenTrials(seen)) return null;
  return { ...nothing, trials: confirmingTrials(confirm, search, history), isFinished: true };
}

function findStop(plan: SearchPlan, { seen, history }: Knowledge): StopFinding | null {
  const { space, points, replicates, seed, stop } = plan;
  if (stop === null || leftFor(plan, seen).trials === 0) return null;
  if (seen.some(({ isChosen, result }) => !isChosen && result === null)) return null;
  const observed = history.filter(({ value }) => value !== null).length;
  if (observed < startPoints(space.axes.length) + observedBeforeStop) return null;
  const random = createRandom(seed).split('stop', seen.length);
  // What early stopping has not let come to its end tells of the surface, and cannot be recommended.
  const candidates = history.map((point) => ({ ...point, inSpace: point.inSpace && point.succeeded > 0 }));
  const probability = probabilityWithin(space, candidates, stop.within, random);
  if (probability === null || probability <= stop.probability) return null;
  const chosen = seen.filter(({ isChosen }) => isChosen).length;
  return {
    within: stop.within,
    probability,
    points: chosen,
    planned: points === null ? chosen : mostPoints(points, replicates),
  };
}

interface Extension extends Pick<Decision, 'points' | 'trials'> {
  /** True where the search has nothing more to order, whatever the open trials bring. */
  readonly isExhausted: boolean;
}

function extend(plan: SearchPlan, start: Knowledge, wanted: number): Extension {
  const { replicates } = plan;
  let known = start;
  let left = leftFor(plan, known.seen);
  if (replicates.min === replicates.max) {
    const count = Math.min(wanted, left.points);
    const points = count === 0 ? [] : suggest(plan, known, count);
    return { points, trials: [], isExhausted: points.length === left.points || points.length < count };
  }
  const points: Suggestion[] = [];
  const trials: AddedTrial[] = [];
  let hasCells = true;
  while (points.length + trials.length < wanted && left.trials > 0) {
    const newCell = left.points > 0 ? (suggest(plan, known, 1)[0] ?? null) : null;
    hasCells = newCell !== null;
    const ordinal = seedInstead(plan, known, newCell);
    if (ordinal !== null) {
      const point = known.seen[ordinal]!;
      trials.push({ ordinal, replicate: point.trials, purpose: 'SEARCH' });
      known = knowledgeOf(known.seen.with(ordinal, { ...point, trials: point.trials + 1 }));
    } else if (newCell !== null) {
      points.push(newCell);
      known = knowledgeOf([...known.seen, pendingPoint(newCell, known.seen.length, replicates.min)]);
    } else break;
    left = leftFor(plan, known.seen);
  }
  const hasRoom = hasCells || known.seen.some(({ inSpace, trials }) => inSpace && trials < replicates.max);
  return { points, trials, isExhausted: left.trials === 0 || !hasRoom };
}

function pendingPoint(suggestion: Suggestion, ordinal: number, trials: number): SeenPoint {
  return { ...suggestion, ordinal, isChosen: true, inSpace: true, trials, result: null };
}

/** Ordinal of the point that gets another seed; null for the new cell. Before there is a model, cells come first. */
function seedInstead(
  { space, replicates }: SearchPlan,
  { history, pending }: Knowledge,
  newCell: Suggestion | null,
): number | null {
  if (newCell !== null && newCell.trace === undefined) return null;
  return furtherSeed({ space, history, pending, newCell, replicates });
}

/** The suggestions of the strategy. */
function suggest(
  { method, points, space, seed, sources = [] }: SearchPlan,
  { history, pending }: Knowledge,
  count: number,
): readonly Suggestion[] {
  const strategy = createStrategy(method, { complete: points === null });
  return strategy({ space, history, pending, sources, random: createRandom(seed).split('search'), count });
}

/** What the search may still order. */
export function leftFor(plan: SearchPlan, seen: readonly Pick<SeenPoint, 'isChosen' | 'trials'>[]): Budget {
  const chosen = seen.filter(({ isChosen }) => isChosen).length;
  const furtherSeeds = seen.reduce((sum, { trials }) => sum + trials - plan.replicates.min, 0);
  return budgetLeft(plan, chosen, furtherSeeds);
}

/** Of points that early stopping has not let come to their end, it tells what they would have come to. */
function historyOf(seen: readonly SeenPoint[]): readonly SeededPoint[] {
  const observed = seen.flatMap(({ result, ...point }) => (result === null ? [] : [{ ...point, result }]));
  const means = meansWithoutReplicateEffects(observed.map(({ result }) => result.values));
  const values = expectedAtEnd(observed.map(({ result }, i) => ({ value: means[i]!, rungs: result.rungs ?? [] })));
  return observed.map(({ result, ...point }, i) => {
    const succeeded = countSucceeded(result.values);
    return {
      ...point,
      value: values[i]!,
      count: succeeded > 0 ? succeeded : (result.rungs?.at(-1)?.count ?? 0),
      succeeded,
      open: openTrials({ ...point, result }),
    };
  });
}

function hasOpenTrials(seen: readonly SeenPoint[]): boolean {
  return seen.some((point) => openTrials(point) > 0);
}

/** Trials that have not ended; at least one of a point on its way. */
function openTrials({ trials, result }: Pick<SeenPoint, 'trials' | 'result'>): number {
  return result === null ? trials : trials - Object.keys(result.values).length;
}
