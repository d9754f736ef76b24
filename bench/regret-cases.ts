import { createRandom } from '../core/random.ts';
import { abSurfaceNoise, createAbSurface } from '../core/simulate/ab-surface.ts';
import { ackley2, branin, hartmann6, sixHumpCamel } from '../core/simulate/functions.ts';
import type { TestProblem } from '../core/simulate/problem.ts';

type Params = Readonly<Record<string, number>>;

/** What strategies are judged on. */
export interface RegretCase {
  /** As it is called on the command line and in the rows. */
  readonly name: string;
  readonly function: string;
  /** Standard deviation of a trial's value. */
  readonly noise: number;
  /** Trials of a search. */
  readonly budget: number;
  /** The problem of search `seed`, which every strategy gets alike. */
  open(seed: number): OpenProblem;
}

export interface OpenProblem extends TestProblem {
  /** The next trial's value. Noise depends on the seed and on how many trials there were, not on who asks. */
  evaluate(params: Params): number;
}

export const regretCases: readonly RegretCase[] = [
  caseOf(branin, { budget: 60 }),
  caseOf(hartmann6, { budget: 100 }),
  caseOf(ackley2, { budget: 60 }),
  caseOf(sixHumpCamel, { budget: 60 }),
  caseOf(branin, { name: 'braninNoisy', budget: 50, noise: 1 }),
  surfaceCase(),
];

function caseOf(
  problem: TestProblem,
  options: { readonly name?: string; readonly budget: number; readonly noise?: number },
): RegretCase {
  const { name = problem.name, budget, noise = 0 } = options;
  const open = (seed: number): OpenProblem => {
    let trial = 0;
    const random = createRandom(seed).split('noise');
    const draw = () => (noise === 0 ? 0 : noise * random.split(trial++).normal());
    return { ...problem, evaluate: (params) => problem.value(params) + draw() };
  };
  return { name, function: problem.name, noise, budget, open };
}

/** Each search has a surface of its own; a cell that is tried again is trained under the next seed. */
function surfaceCase(): RegretCase {
  const open = (seed: number): OpenProblem => {
    const surface = createAbSurface(seed);
    const tried = new Map<string, number>();
    const evaluate = (given: Params) => {
      // A peer that computes with doubles says 0.30000000000000004 where it means 0.3.
      const params = Object.fromEntries(Object.entries(given).map(([name, x]) => [name, Number(x.toPrecision(12))]));
      const cell = `${params.alpha} ${params.beta}`;
      const replicate = tried.get(cell) ?? 0;
      tried.set(cell, replicate + 1);
      return surface.trial(params, { replicate, epoch: 1, epochs: 1 });
    };
    return { ...surface, evaluate };
  };
  const { own, shared } = abSurfaceNoise;
  return { name: 'abSurface', function: 'abSurface', noise: Math.hypot(own, shared), budget: 60, open };
}
