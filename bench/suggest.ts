/**
 * Processor time of one suggestion after so many observations. The history is an even spread; then suggestions follow one
 * another, each with its value told, so that what is fitted anew from time to time is in the figures.
 */
import { createRandom } from '../core/random.ts';
import { createSearchPlan, type SearchPlan } from '../core/search/plan.ts';
import type { StepRecord } from '../core/search/record.ts';
import { methodEntry, type SearchMethod, searchMethods } from '../core/search/registry.ts';
import { nextStep, type SearchedPoint } from '../core/search/session.ts';
import { branin, hartmann6 } from '../core/simulate/functions.ts';
import type { TestProblem } from '../core/simulate/problem.ts';
import { createAxis } from '../core/space/axis.ts';
import { createSpace } from '../core/space/space.ts';
import { suggestPoints } from '../core/spec/objective-space.ts';
import { quantile } from '../core/stats/quantile.ts';
import { type Bench, type BenchOptions, type BenchRow, choose } from './bench.ts';
import { counterpartOf, type Optuna, type OptunaSampler, startOptuna } from './optuna.ts';
import { assertInstalled } from './peers.ts';
import { cpuSecondsOf } from './timed.ts';

const problems: readonly TestProblem[] = [branin, hartmann6];

/** A Gaussian process over more is not offered. */
const sizes = { quick: [50, 200], thorough: [50, 200, 500, 2000, 5000] };
const mostObservations: Readonly<Partial<Record<SearchMethod, number>>> = { gp: 2000 };

/** Suggestions that a figure is over: the most, and the least where they take longer than the time, in seconds. */
const repetitions = { most: { quick: 5, thorough: 40 }, least: 3, seconds: 60 };

export const suggest: Bench = {
  summary: 'processor time of a suggestion after many observations, and that of Optuna',
  options: ['quick', 'function', 'strategy', 'peer', 'python'],
  peers: ['optuna'],
  run: async (options, say) => {
    const chosen = choose('function', problems, ({ name }) => name, options.functions);
    const methods = choose('strategy', adaptiveMethods, (method) => method, options.strategies);
    if (options.peer !== null) assertInstalled(options.peer, options.python);
    await using optuna = options.peer === null ? null : await startOptuna(options.python);
    if (optuna !== null) say(`Optuna ${optuna.version}`);
    warmUp(methods);
    const rows: BenchRow[] = [];
    for (const plan of plansFor(methods, chosen, options)) {
      const row = await measure(plan, options, optuna);
      rows.push(row);
      say(`${plan.method}, ${row.dims} dimensions, ${plan.observations} observations: ${row.p95Ms.toFixed(1)} ms`);
    }
    return { rows, problems: [] };
  },
};

const adaptiveMethods = searchMethods.filter((method) => methodEntry(method).isAdaptive);

interface Plan {
  readonly method: SearchMethod;
  readonly problem: TestProblem;
  readonly observations: number;
}

function plansFor(
  methods: readonly SearchMethod[],
  chosen: readonly TestProblem[],
  { quick }: BenchOptions,
): readonly Plan[] {
  return methods.flatMap((method) =>
    chosen.flatMap((problem) =>
      sizes[quick ? 'quick' : 'thorough']
        .filter((observations) => observations <= (mostObservations[method] ?? observations))
        .map((observations) => ({ method, problem, observations })),
    ),
  );
}

async function measure({ method, problem, observations }: Plan, { quick }: BenchOptions, optuna: Optuna | null) {
  const count = repetitions.most[quick ? 'quick' : 'thorough'];
  const ours = timeOurs(method, problem, observations, count);
  const sampler = counterpartOf(method);
  const isShared = optuna !== null && sampler !== null;
  const peer = isShared ? await timePeer(optuna, sampler, problem, observations, count) : null;
  return {
    strategy: method,
    dims: Object.keys(problem.axes).length,
    observations,
    p50Ms: millisecondsAt(ours, 0.5),
    p95Ms: millisecondsAt(ours, 0.95),
    mostMs: millisecondsAt(ours, 1),
    peerP50Ms: peer && millisecondsAt(peer, 0.5),
    peerP95Ms: peer && millisecondsAt(peer, 0.95),
  };
}

function millisecondsAt(seconds: readonly number[], p: number): number {
  return 1000 * quantile(seconds, p);
}

/** The compiler of the engine comes to what is called often. */
function warmUp(methods: readonly SearchMethod[]): void {
  for (const method of methods) timeOurs(method, branin, 40, 10);
}

function timeOurs(method: SearchMethod, problem: TestProblem, observations: number, count: number): readonly number[] {
  const plan = planOf(method, problem);
  const points = historyOf(problem, observations).map(
    (point, ordinal): SearchedPoint => ({
      ...{ ordinal, isChosen: true, inSpace: true, cell: point.cell, params: point.params },
      trials: [{ state: 'succeeded', value: point.value }],
    }),
  );
  const steps: StepRecord[] = [];
  const times: number[] = [];
  while (isWanted(times, count)) {
    const { result: step, cpuSeconds } = cpuSecondsOf(() => nextStep(plan, { points, steps }, 1)!);
    times.push(cpuSeconds);
    const { cell, params } = step.points[0]!;
    const trials = [{ state: 'succeeded', value: problem.value(params) }] as const;
    points.push({ ordinal: points.length, isChosen: true, inSpace: true, cell, params, trials });
    steps.push(step.record);
  }
  return times;
}

async function timePeer(
  optuna: Optuna,
  sampler: OptunaSampler,
  problem: TestProblem,
  observations: number,
  count: number,
): Promise<readonly number[]> {
  await optuna.start({ sampler, seed: 1, axes: problem.axes, observations: historyOf(problem, observations) });
  const times: number[] = [];
  let told: { readonly number: number; readonly value: number }[] = [];
  while (isWanted(times, count)) {
    const [point] = await optuna.next(told, 1);
    times.push(point!.cpuSeconds);
    told = [{ number: point!.number, value: problem.value(point!.params) }];
  }
  return times;
}

function isWanted(times: readonly number[], count: number): boolean {
  if (times.length < repetitions.least) return true;
  return times.length < count && times.reduce((sum, seconds) => sum + seconds, 0) < repetitions.seconds;
}

function planOf(method: SearchMethod, { axes }: TestProblem): SearchPlan {
  const space = createSpace(
    Object.entries(axes).map(([name, range]) => createAxis(name, range)),
    [],
  );
  return createSearchPlan({ method, space });
}

function historyOf(problem: TestProblem, observations: number) {
  const spread = suggestPoints(planOf('sobol', problem).space, { method: 'sobol', seed: 2, points: observations });
  const random = createRandom(3);
  // A little noise, as trials have it, keeps fits from pretending to know everything.
  return spread.map(({ cell, params }) => ({ cell, params, value: problem.value(params) + 0.01 * random.normal() }));
}
