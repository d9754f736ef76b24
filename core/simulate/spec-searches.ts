/** The searches of a sweep spec, run in virtual time on trials whose values are known. */

import type { StoppingPlan } from '../earlystop/registry.ts';
import type { SearchPlan } from '../search/plan.ts';
import { countCells } from '../space/space.ts';
import { expandSpec } from '../spec/expand.ts';
import type { SweepSpec } from '../spec/schema.ts';
import { searchOfTask } from '../spec/task-search.ts';
import type { Blackbox } from './blackbox.ts';
import { type Simulation, type SimulationOptions, type StartPoint, simulate } from './simulation.ts';

/** One search of a spec. */
export interface SpecSearch {
  /** Kind of the objective. */
  readonly objective: string;
  readonly plan: SearchPlan;
  /** How points are stopped early; null = they are not. */
  readonly stopping: StoppingPlan | null;
  readonly start: readonly StartPoint[];
  readonly isOpen: boolean;
  /** Seeds that a point may get, those that confirm it included. */
  readonly seeds: number;
  readonly maxParallel: number;
  readonly warnings: readonly string[];
}

/**
 * The searches of the first task, one for each objective that has something to search. Other tasks of the spec are
 * searched alike: they differ in their trials.
 * @param seed instead of the spec's own
 */
export function searchesOf(spec: SweepSpec, seed = spec.search.seed): readonly SpecSearch[] {
  const seeded: SweepSpec = { ...spec, tasks: spec.tasks.slice(0, 1), search: { ...spec.search, seed } };
  const { tasks, maxParallel } = expandSpec(seeded);
  return tasks.flatMap(({ ordinal, definition, points, searchState, warnings }): readonly SpecSearch[] => {
    const { plan, stopping } = searchOfTask(seeded, ordinal);
    if (countCells(plan.space) <= 1) return [];
    const start = points.map(({ cell, params, inSpace, sources, firstRung }) => {
      return { cell, params, inSpace, firstRung, isChosen: sources.includes(plan.method) };
    });
    const { kind } = definition.objective;
    const isOpen = searchState === 'OPEN';
    const seeds = plan.replicates.max + (plan.confirm?.seeds ?? 0);
    return [{ objective: kind, plan, stopping, start, isOpen, seeds, maxParallel, warnings }];
  });
}

export interface SearchOutcome {
  readonly seed: number;
  readonly simulation: Simulation;
  /** By trials ended, from 1: how far what was best then falls short of the optimum; null where that is not known. */
  readonly regrets: readonly (number | null)[];
  /** Trials after which the best point was within the tolerance; null where it never was. */
  readonly trialsToTolerance: number | null;
}

/**
 * @param run number of this run of the search, from 0: each has seeds of its own, as far as the blackbox has more
 */
export function runSearch(search: SpecSearch, blackbox: Blackbox, workers: number, run = 0): SearchOutcome {
  const options: SimulationOptions = {
    ...search,
    workers,
    epochs: search.stopping?.epochs ?? blackbox.epochs,
    value: (params, at) => blackbox.value(params, { ...at, replicate: run * search.seeds + at.replicate }),
  };
  const simulation = simulate(options);
  const regrets = simulation.progress.map(({ best }) => {
    const expected = best === null ? null : blackbox.expected(simulation.points[best.ordinal]!.params);
    // A lattice may miss the very best.
    return expected === null || blackbox.optimum === null ? null : Math.max(0, blackbox.optimum - expected);
  });
  const within = regrets.findIndex((regret) => regret !== null && regret <= blackbox.tolerance);
  return {
    seed: search.plan.seed,
    simulation,
    regrets,
    trialsToTolerance: within < 0 ? null : within + 1,
  };
}
