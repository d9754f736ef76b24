/** What a search does about noise: more seeds where they tell, a stop, and a confirmation of the best points. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { mostPoints, trialBudget } from '../../core/search/budget.ts';
import { expectedGain } from '../../core/search/gp/knowledge-gradient.ts';
import type { SearchPlan } from '../../core/search/plan.ts';
import { replaySearch } from '../../core/search/replay.ts';
import { meansWithoutReplicateEffects } from '../../core/search/replicate-effects.ts';
import { furtherSeed, type SeededPoint } from '../../core/search/replication.ts';
import type { SearchedPoint } from '../../core/search/session.ts';
import { abSurfaceNoise, createAbSurface } from '../../core/simulate/ab-surface.ts';
import { createAxis } from '../../core/space/axis.ts';
import { createSpace } from '../../core/space/space.ts';
import { meanOf } from '../../core/stats/estimate.ts';
import { groupBy } from '../../core/stats/group.ts';
import { runSearch } from '../support/search-run.ts';

const surface = createAbSurface(4);
const space = createSpace([createAxis('alpha', surface.axes.alpha), createAxis('beta', surface.axes.beta)], []);
const plan: SearchPlan = {
  ...{ method: 'gp', space, seed: 1, points: 12, replicates: { min: 1, max: 4 } },
  ...{ confirm: { points: 3, seeds: 2 }, stop: null },
};
const landmarks = [
  { cell: 'alpha=1,beta=0', params: { alpha: 1, beta: 0 }, isChosen: false, inSpace: true },
  { cell: 'alpha=2,beta=0', params: { alpha: 2, beta: 0 }, isChosen: false, inSpace: false },
];
const value = (params: SearchedPoint['params'], replicate: number) =>
  surface.trial(params, { replicate, epoch: 1, epochs: 1 });

describe('a search that spends seeds', () => {
  it('orders its budget of trials, gives no point too few or too many, and all of it is reproduced', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const fails = createRandom(seed).split('fails');
        const { points, steps, confirming } = runSearch(plan, {
          ...{ seed, start: landmarks },
          value: (params, replicate) => (fails.uniform() < 0.1 ? null : value(params, replicate)),
        });
        const trials = points.map((point) => point.trials.length);
        expect(Math.min(...trials)).toBe(1);
        expect(Math.max(...trials)).toBeLessThanOrEqual(4);
        expect(points[1]!.trials).toHaveLength(1);
        expect(points.length).toBeLessThanOrEqual(2 + mostPoints(12, plan.replicates));
        expect(trials.reduce((sum, count) => sum + count)).toBe(2 + trialBudget(12, plan.replicates));
        expect(new Set(confirming.map(({ ordinal }) => ordinal)).size).toBe(3);
        expect(confirming.map(({ replicate }) => replicate)).toEqual([4, 5, 4, 5, 4, 5]);
        expect(confirming.every(({ ordinal }) => points[ordinal]!.inSpace)).toBe(true);
        expect(replaySearch(plan, points, steps)).toMatchObject({ reproduced: steps.length, difference: null });
      }),
      { numRuns: 3 },
    );
  });

  it('confirms nothing before every trial has ended, and a grid too', () => {
    const cells = [0, 0.1, 0.2].map((alpha) => ({
      ...{ cell: `alpha=${alpha},beta=0`, params: { alpha, beta: 0 }, isChosen: true, inSpace: true },
    }));
    const grid: SearchPlan = { ...plan, method: 'grid', points: null, replicates: { min: 2, max: 2 } };
    const { points, steps, confirming } = runSearch(grid, {
      ...{ seed: 2, start: [...landmarks, ...cells] },
      value: ({ alpha }, replicate) => 10 * alpha! + replicate,
    });
    expect(steps).toHaveLength(1);
    expect(steps[0]!.seen.observed.map(({ values }) => Object.keys(values).length)).toEqual([2, 2, 2, 2, 2]);
    // alpha = 2 is better and outside the space.
    expect(confirming.map(({ ordinal }) => points[ordinal]!.params.alpha)).toEqual([1, 1, 0.2, 0.2, 0.1, 0.1]);
    expect(replaySearch(grid, points, steps)).toMatchObject({ reproduced: 1, difference: null });
  });

  it('is over, and confirms nothing, where every trial failed', () => {
    const { steps, confirming } = runSearch({ ...plan, points: 4 }, { seed: 3, start: landmarks, value: () => null });
    expect(steps.at(-1)).toMatchObject({ isFinished: true, trials: [] });
    expect(confirming).toEqual([]);
  });
});

describe('another seed or a new cell', () => {
  const line = createSpace([createAxis('alpha', { min: 0, max: 1, step: 0.05 })], []);
  const point = (ordinal: number, alpha: number, mean: number, trials = 1): SeededPoint => ({
    ...{
      ordinal,
      cell: `alpha=${alpha}`,
      params: { alpha },
      value: mean,
      count: trials,
      trials,
      succeeded: trials,
      open: 0,
      inSpace: true,
    },
  });
  const hyperparameters = (noise: number) => ({ lengthScales: [0.3], amplitude: 1, noise });
  const candidate = (alpha: number, noise: number, fittedAt: number) => ({
    cell: `alpha=${alpha}`,
    params: { alpha },
    trace: { hyperparameters: hyperparameters(noise), fittedAt, acquisition: 0 },
  });
  const history = [point(0, 0, 0), point(1, 0.3, 2), point(2, 0.6, 2.05), point(3, 1, 0)];
  const request = { space: line, history, pending: [], replicates: { min: 1, max: 4 } };

  it('is a seed for a contender where good points are hard to tell apart and the rest is known to be worse', () => {
    const seeded = furtherSeed({ ...request, newCell: candidate(0.05, 0.3, 4) });
    expect([1, 2]).toContain(seeded);
  });

  it('is the new cell where trials have no noise', () => {
    expect(furtherSeed({ ...request, newCell: candidate(0.45, 1e-8, 4) })).toBeNull();
  });

  it('gives no seed to a point that has all of its own, is outside the space, or has none that succeeded', () => {
    const [low, left, right, end] = history as [SeededPoint, SeededPoint, SeededPoint, SeededPoint];
    const full = [low, { ...left, trials: 4, count: 4 }, { ...right, inSpace: false }, { ...end, value: null }];
    expect(furtherSeed({ ...request, history: full, newCell: null })).toBe(0);
    expect(furtherSeed({ ...request, history: full.slice(1), newCell: null })).toBeNull();
  });

  it('counts seeds that are on their way as if they had come', () => {
    const once = furtherSeed({ ...request, newCell: null })!;
    const waiting = history.with(once, { ...history[once]!, trials: 4, open: 3 });
    const replicates = { min: 1, max: 8 };
    expect(furtherSeed({ ...request, history: waiting, newCell: null, replicates })).not.toBe(once);
  });
});

describe('expectedGain()', () => {
  it('is what drawing gives, whatever the lines', () => {
    const number = fc.double({ min: -2, max: 2, noNaN: true });
    const random = createRandom(3);
    const draws = Float64Array.from({ length: 20_000 }, () => random.normal());
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 6 }), (lines) => {
        const [intercepts, slopes] = [lines.map(([a]) => a), lines.map(([, b]) => b)];
        const best = draws.reduce((sum, z) => sum + Math.max(...lines.map(([a, b]) => a + b * z)), 0) / draws.length;
        // Five standard errors of a mean of draws whose spread is at most that of the steepest line.
        const slack = (5 * Math.max(...slopes.map(Math.abs))) / Math.sqrt(draws.length) + 1e-9;
        expect(Math.abs(expectedGain(intercepts, slopes) - (best - Math.max(...intercepts)))).toBeLessThan(slack);
      }),
      { numRuns: 20 },
    );
  });

  it('is 0 where nothing can change the order', () => {
    expect(expectedGain([1, 2], [0.5, 0.5])).toBe(0);
    expect(expectedGain([1], [3])).toBe(0);
  });
});

describe('replicate effects', () => {
  it('do not make a point look better that got more seeds than the others', () => {
    // The first seed is 1 better than the next three, for every point.
    const shared = [1, 0, 0, 0];
    const points = Array.from({ length: 12 }, (_, i) => ({ level: 90 + 0.1 * i, seeds: i >= 8 ? 4 : 1 }));
    const results = points.map(({ level, seeds }) =>
      Object.fromEntries(shared.slice(0, seeds).map((effect, k) => [k, level + effect])),
    );
    const order = (means: readonly (number | null)[]) => [...means.keys()].sort((a, b) => means[b]! - means[a]!);
    expect(order(results.map((values) => meanOf(Object.values(values))))[0]).toBe(7);
    expect(order(meansWithoutReplicateEffects(results)).slice(0, 4)).toEqual([11, 10, 9, 8]);
  });

  it('leave means alone where all points have the same seeds', () => {
    const results = [
      { 0: 1, 1: 2 },
      { 0: 5, 1: 4 },
      { 0: null, 1: null },
    ];
    expect(meansWithoutReplicateEffects(results)).toEqual([1.5, 4.5, null]);
  });

  it('are not moved by a trial that did not learn', () => {
    const results = [{ 0: 90, 1: 90 }, { 0: 91, 1: 91 }, { 0: 92, 1: 92 }, { 0: 89, 1: 10 }, { 0: 91.5 }];
    expect(meansWithoutReplicateEffects(results)[4]).toBeCloseTo(91.5, 6);
  });
});

describe('a confirmation', () => {
  it('takes the luck out of the value of the best point', () => {
    // Forty equal points: the best mean is only the luckiest.
    const { own } = abSurfaceNoise;
    const bias = Array.from({ length: 24 }, (_, seed) => {
      const draw = (cell: number, replicate: number) => own * createRandom(seed).split(cell, replicate).normal();
      const confirm = { points: 3, seeds: 4 };
      const grid: SearchPlan = { ...plan, method: 'grid', points: null, replicates: { min: 2, max: 2 }, confirm };
      const cells = Array.from({ length: 40 }, (_, i) => ({
        ...{ cell: `alpha=${i}`, params: { alpha: i }, isChosen: true, inSpace: true },
      }));
      const cellValue = ({ alpha }: SearchedPoint['params'], replicate: number) => draw(alpha!, replicate);
      const { points, confirming } = runSearch(grid, { seed, start: cells, value: cellValue });
      const fresh = [...groupBy(confirming, ({ ordinal }) => ordinal)].map(([ordinal, trials]) => {
        return meanOf(trials.map(({ replicate }) => draw(ordinal, replicate)));
      });
      const searched = meanOf(points[confirming[0]!.ordinal]!.trials.map((trial) => trial.value!));
      return { searched, confirmed: fresh[0]!, bestConfirmed: Math.max(...fresh) };
    });
    const means = (field: 'searched' | 'confirmed' | 'bestConfirmed') => meanOf(bias.map((one) => one[field]));
    // Means of 2 seeds have a standard deviation of 0.106; the best of 40 lies 2.2 of them above their common value.
    expect(means('searched')).toBeGreaterThan(0.15);
    // 4 seeds, 24 searches: 0.075 / 5.
    expect(Math.abs(means('confirmed'))).toBeLessThan(4 * 0.016);
    // The best of 3 by fresh seeds was chosen again, among fewer: 0.85 x 0.075.
    expect(means('bestConfirmed')).toBeLessThan(0.12);
  });
});

describe('a stop rule', () => {
  const stop = { within: 0.3, probability: 0.9 };
  const every = (step: number) => ({ ...surface.axes.alpha, step });
  const coarse = createSpace(
    [createAxis('alpha', every(0.2)), createAxis('beta', { min: -0.2, max: 1, step: 0.2 })],
    [],
  );

  it('ends the search before its budget is spent once the best is known well enough, and replays', () => {
    const stopping: SearchPlan = { ...plan, space: coarse, points: 40, replicates: { min: 1, max: 1 }, stop };
    const { points, steps, confirming } = runSearch(stopping, { seed: 5, start: landmarks, value });
    const found = steps.find((step) => step.stop !== null)!;
    expect(found.stop).toMatchObject({ within: 0.3, planned: 40, points: points.length - 2 });
    expect(found.stop!.probability).toBeGreaterThan(0.9);
    expect(points.length).toBeGreaterThanOrEqual(5 + 5);
    expect(points.length).toBeLessThan(2 + 40);
    expect(confirming).toHaveLength(3 * 2);
    expect(replaySearch(stopping, points, steps)).toMatchObject({ reproduced: steps.length, difference: null });
    const others = steps.with(steps.indexOf(found), { ...found, stop: { ...found.stop!, probability: 0.99 } });
    expect(replaySearch(stopping, points, others)).toMatchObject({ reproduced: steps.length - 1 });
  });

  it('does not end a search that cannot be sure', () => {
    const unsure: SearchPlan = { ...plan, points: 14, replicates: { min: 1, max: 1 } };
    const noisy = createRandom(8);
    const { points } = runSearch(
      { ...unsure, confirm: null, stop: { within: 0.001, probability: 0.99 } },
      { seed: 6, start: landmarks, value: (params, replicate) => value(params, replicate) + 3 * noisy.normal() },
    );
    expect(points).toHaveLength(2 + 14);
  });
});
