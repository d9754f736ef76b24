/** One search by one of our strategies, or by the peer, on a problem that both see through the same evaluator. */

import { rankByPosterior } from '../core/search/gp/recommend.ts';
import { createSearchPlan, type SearchPlan } from '../core/search/plan.ts';
import { methodEntry, type SearchMethod } from '../core/search/registry.ts';
import { nextStep } from '../core/search/session.ts';
import type { Observation } from '../core/search/strategy.ts';
import { type StartPoint, simulate } from '../core/simulate/simulation.ts';
import { createAxis } from '../core/space/axis.ts';
import { createSpace } from '../core/space/space.ts';
import { isSearchedAdaptively, suggestPoints } from '../core/spec/objective-space.ts';
import type { Optuna, OptunaPoint, OptunaSampler } from './optuna.ts';
import type { RegretCase } from './regret-cases.ts';
import { cpuSecondsOf } from './timed.ts';

/** What a search did. */
export interface SearchTrace {
  /** Points in the order in which their trials ended. */
  readonly tried: readonly TriedPoint[];
  /** The point that it would report. */
  readonly recommended: TriedPoint;
  /** Processor time of each suggestion. */
  readonly suggestSeconds: readonly number[];
}

export type TriedPoint = Pick<Observation, 'params'> & { readonly value: number };

export interface SearchSetting {
  readonly problem: RegretCase;
  readonly seed: number;
  /** Trials on their way at any time. */
  readonly parallel: number;
}

/** Ours, as a coordinator with so many workers runs it. */
export function searchOurs(method: SearchMethod, { problem, seed, parallel }: SearchSetting): SearchTrace {
  const { axes, evaluate } = problem.open(seed);
  const space = createSpace(
    Object.entries(axes).map(([name, range]) => createAxis(name, range)),
    [],
  );
  const plan = createSearchPlan({ method, space, seed, points: problem.budget });
  const suggestSeconds: number[] = [];
  const timed = (points: number, cpuSeconds: number) => {
    suggestSeconds.push(...Array.from({ length: points }, () => cpuSeconds / points));
  };
  const { points, events } = simulate({
    ...{ plan, start: planned(plan, timed), workers: parallel, value: evaluate },
    decide: (...request) => {
      const { result: step, cpuSeconds } = cpuSecondsOf(() => nextStep(...request));
      if (step !== null) timed(step.points.length, cpuSeconds);
      return step;
    },
  });
  const ended = events.filter(({ kind }) => kind === 'end').map(({ ordinal }) => points[ordinal]!);
  const tried = ended.map(({ cell, params, trials }) => ({ cell, params, value: trials[0]!.value!, count: 1 }));
  const isModelled = methodEntry(method).recommendsBy === 'posterior';
  const recommended = isModelled ? rankByPosterior(space, tried)[0]! : bestObserved(tried);
  return { tried, recommended, suggestSeconds };
}

/** The points of a search whose results decide nothing: chosen at once, as when a sweep is submitted. */
function planned(plan: SearchPlan, timed: (points: number, cpuSeconds: number) => void): readonly StartPoint[] {
  const { space, method, seed, points } = plan;
  if (isSearchedAdaptively(space, { method })) return [];
  const choose = () => suggestPoints(space, { method, seed, points: points ?? undefined });
  const { result: chosen, cpuSeconds } = cpuSecondsOf(choose);
  timed(chosen.length, cpuSeconds);
  return chosen.map(({ cell, params }) => ({ cell, params, isChosen: true, inSpace: true }));
}

/** The peer: asked for one point whenever the oldest of those on their way has its value. */
export async function searchPeer(
  optuna: Optuna,
  sampler: OptunaSampler,
  { problem, seed, parallel }: SearchSetting,
): Promise<SearchTrace> {
  const { axes, evaluate } = problem.open(seed);
  await optuna.start({ sampler, seed, axes, observations: [] });
  const tried: TriedPoint[] = [];
  const asked = await optuna.next([], Math.min(parallel, problem.budget));
  for (let turn = 0; turn < problem.budget; turn++) {
    const { number, params } = asked[turn]!;
    const value = evaluate(params);
    tried.push({ params, value });
    const isMore = asked.length < problem.budget;
    asked.push(...(await optuna.next([{ number, value }], isMore ? 1 : 0)));
  }
  const suggestSeconds = asked.map(({ cpuSeconds }: OptunaPoint) => cpuSeconds);
  return { tried, recommended: bestObserved(tried), suggestSeconds };
}

function bestObserved<Point extends TriedPoint>(tried: readonly Point[]): Point {
  return tried.reduce((best, point) => (point.value > best.value ? point : best));
}
