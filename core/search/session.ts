/**
 * What a task's search does next, as a pure function of what the store knows: the same code decides in a coordinator,
 * in a replay and in a simulation.
 */
import { createRandom } from '../random.ts';
import type { Space } from '../space/space.ts';
import { createStrategy, type SearchMethod } from './registry.ts';
import type { Observation, Suggestion } from './strategy.ts';

/** How a task is searched. */
export interface SearchPlan {
  readonly method: SearchMethod;
  readonly space: Space;
  /** Seed of the task's search. */
  readonly seed: number;
  /** Points that the strategy chooses, landmarks not counted; null = all that the space has. */
  readonly points: number | null;
  /** Trials that a new point gets. */
  readonly replicates: number;
}

/** A trial as the search sees it. */
export interface SearchedTrial {
  readonly replicate: number;
  readonly state: 'open' | 'succeeded' | 'failed' | 'pruned';
  /** Selection value of a trial that succeeded. */
  readonly value: number | null;
}

/** A point as the search sees it. */
export interface SearchedPoint extends Suggestion {
  /** Place in the order of suggestion, from 0, without gaps. */
  readonly ordinal: number;
  /** True where the strategy chose it (and perhaps a landmark names it too). */
  readonly isChosen: boolean;
  readonly trials: readonly SearchedTrial[];
}

export interface SearchStep {
  /** New points, to get the next ordinals; each gets `replicates` trials. */
  readonly points: readonly Suggestion[];
  /** True where nothing will follow, whatever the open trials bring. */
  readonly isFinished: boolean;
}

/** @param wanted how many more points there should be on their way, if the search has them */
export function nextStep(plan: SearchPlan, points: readonly SearchedPoint[], wanted: number): SearchStep {
  const chosen = points.filter(({ isChosen }) => isChosen).length;
  const left = plan.points === null ? Number.POSITIVE_INFINITY : plan.points - chosen;
  const count = Math.max(0, Math.min(wanted, left));
  if (left <= 0) return { points: [], isFinished: true };
  const suggested = count === 0 ? [] : suggest(plan, points, count);
  return { points: suggested, isFinished: suggested.length === left || suggested.length < count };
}

function suggest(plan: SearchPlan, points: readonly SearchedPoint[], count: number): readonly Suggestion[] {
  const strategy = createStrategy(plan.method, { complete: plan.points === null });
  return strategy({ space: plan.space, ...observedAndPending(points), random: taskRandom(plan), count });
}

function taskRandom({ seed }: SearchPlan) {
  return createRandom(seed).split('search');
}

/** A point is observed once one of its trials has succeeded, or all have ended without; until then it is pending. */
export function observedAndPending(points: readonly SearchedPoint[]): {
  readonly history: readonly Observation[];
  readonly pending: readonly Suggestion[];
} {
  const history: Observation[] = [];
  const pending: Suggestion[] = [];
  for (const point of points) {
    const values = point.trials.flatMap(({ value }) => (value === null ? [] : [value]));
    if (values.length > 0) history.push({ ...point, value: mean(values), count: values.length });
    else if (point.trials.every(({ state }) => state !== 'open')) history.push({ ...point, value: null, count: 0 });
    else pending.push(point);
  }
  return { history, pending };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
