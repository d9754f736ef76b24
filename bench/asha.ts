/** Early stopping on made-up accuracy surfaces, in virtual time: what it saves, and what it costs in the point found. */
import type { StoppingPlan } from '../core/earlystop/registry.ts';
import { createSearchPlan, type SearchPlan } from '../core/search/plan.ts';
import { type AbSurface, createAbSurface } from '../core/simulate/ab-surface.ts';
import { type Simulation, simulate } from '../core/simulate/simulation.ts';
import { createAxis } from '../core/space/axis.ts';
import { createSpace } from '../core/space/space.ts';
import { meanOf } from '../core/stats/estimate.ts';
import type { Bench } from './bench.ts';

const epochs = 81;
const replicates = 3;
const workers = 8;
/** Points of accuracy that the recommended point may fall short of that of full training. */
const tolerance = 0.1;

/** With as many points as each needs to come within a tenth of a point or two of the best cell. */
const searches = [
  { method: 'random', points: 60 },
  { method: 'gp', points: 40 },
] as const;

const rules: readonly Pick<StoppingPlan, 'method' | 'minEpochs' | 'reduction'>[] = [
  { method: 'asha', minEpochs: 3, reduction: 3 },
  { method: 'asha', minEpochs: 9, reduction: 3 },
  { method: 'asha', minEpochs: 12, reduction: 3 },
  { method: 'successiveHalving', minEpochs: 9, reduction: 2 },
  { method: 'hyperband', minEpochs: 3, reduction: 3 },
  { method: 'median', minEpochs: 9, reduction: 3 },
];

export const asha: Bench = {
  summary: 'epochs that early stopping saves, and what the recommended point loses by it',
  options: ['quick'],
  peers: [],
  run: async ({ quick }, say) => {
    const seeds = quick ? 4 : 20;
    const rows = searches.flatMap((search) => {
      const runs = Array.from({ length: seeds }, (_, seed) => {
        say(`${search.method}: surface ${seed + 1} of ${seeds}`);
        return runOnce(search, seed + 1);
      });
      return rules.map((rule, place) => {
        const outcomes = runs.map((run) => run[place]!);
        const mean = (read: (outcome: Outcome) => number) => Number(meanOf(outcomes.map(read)).toFixed(4));
        return {
          ...{ strategy: search.method, ...rule, seeds },
          epochsSaved: mean(({ saved }) => saved),
          within: mean(({ lost }) => (lost <= tolerance ? 1 : 0)),
          pointsLost: mean(({ lost }) => lost),
          regretOfFullTraining: mean(({ fullRegret }) => fullRegret),
        };
      });
    });
    return { rows, problems: [] };
  },
};

interface Outcome {
  /** Share of the epochs of full training. */
  readonly saved: number;
  /** True value of the point that full training recommends, minus that of the one recommended here. */
  readonly lost: number;
  readonly fullRegret: number;
}

/** Every rule on one surface, beside full training on the same trials. */
function runOnce({ method, points }: Pick<SearchPlan, 'method' | 'points'>, seed: number): readonly Outcome[] {
  const surface = createAbSurface(seed);
  const axes = Object.entries(surface.axes).map(([name, range]) => createAxis(name, range));
  const plan = createSearchPlan({ method, space: createSpace(axes, []), seed, points }, replicates);
  const value = remembered(surface.trial);
  const run = (stopping: StoppingPlan | null) => simulate({ plan, stopping, epochs, workers, value });
  const full = run(null);
  const fullValue = recommended(full, surface);
  return rules.map((rule) => {
    const stopped = run({ ...rule, epochs, minPoints: 5 });
    return {
      saved: 1 - stopped.work / full.work,
      lost: fullValue - recommended(stopped, surface),
      fullRegret: surface.optimum - fullValue,
    };
  });
}

/** True value of the point with the best mean. */
function recommended({ points, progress }: Simulation, surface: AbSurface): number {
  return surface.value(points[progress.at(-1)!.best!.ordinal]!.params);
}

/** Every rule asks for the same trials. */
function remembered(trial: AbSurface['trial']): AbSurface['trial'] {
  const known = new Map<string, number>();
  return (params, at) => {
    const key = [params.alpha, params.beta, at.replicate, at.epoch].join();
    const value = known.get(key) ?? trial(params, at);
    known.set(key, value);
    return value;
  };
}
