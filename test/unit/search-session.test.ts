import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { pointsWanted } from '../../core/search/demand.ts';
import type { SearchPlan } from '../../core/search/plan.ts';
import { searchVersion } from '../../core/search/record.ts';
import { replaySearch } from '../../core/search/replay.ts';
import { createAxis } from '../../core/space/axis.ts';
import { createSpace } from '../../core/space/space.ts';
import { runSearch } from '../support/search-run.ts';

const plan: SearchPlan = {
  method: 'gp',
  space: createSpace([createAxis('alpha', { min: 0, max: 1, step: 0.1 }), createAxis('beta', { min: 0, max: 1 })], []),
  seed: 5,
  points: 9,
  replicates: { min: 2, max: 2 },
  confirm: null,
  stop: null,
};

const landmark = { cell: 'alpha=1,beta=0', params: { alpha: 1, beta: 0 }, isChosen: false, inSpace: true };

/** A fifth of the trials fail. */
function run(seed: number, search = plan, wanted = 3) {
  const random = createRandom(seed).split('values');
  return runSearch(search, {
    ...{ seed, wanted },
    start: [landmark],
    value: ({ alpha, beta }) => {
      const chance = random.uniform();
      return chance < 0.2 ? null : 90 - 20 * (alpha! - 0.6) ** 2 - 20 * (beta! - 0.3) ** 2 + chance;
    },
  });
}

describe('a search', () => {
  it('chooses as many distinct points as planned, and every step is reproduced from its record', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), (seed) => {
        const { points, steps } = run(seed);
        expect(new Set(points.map(({ cell }) => cell)).size).toBe(10);
        expect(points.every(({ trials }) => trials.length === 2)).toBe(true);
        expect(replaySearch(plan, points, steps)).toEqual({
          ...{ steps: steps.length, reproduced: steps.length, difference: null },
          suggestions: { made: 9, reproduced: 9 },
        });
        // Every point comes on its way once, and has news at most once per trial.
        expect(steps.flatMap(({ seen }) => seen.pending).length).toBeLessThanOrEqual(10);
        expect(steps.flatMap(({ seen }) => seen.observed).length).toBeLessThanOrEqual(2 * 10);
      }),
      { numRuns: 4 },
    );
  });

  it('is reproduced from its records whatever model chose the points', () => {
    const byDensities: SearchPlan = { ...plan, method: 'tpe', points: 25 };
    const { points, steps } = run(7, byDensities);
    const chosen = steps.flatMap((step) => step.points);
    expect(chosen.filter(({ trace }) => trace !== null).length).toBeGreaterThan(10);
    expect(replaySearch(byDensities, points, steps)).toMatchObject({
      suggestions: { made: 25, reproduced: 25 },
      difference: null,
    });
  });

  it('is over where the space has no more cells', () => {
    const small = { ...plan, space: createSpace([createAxis('alpha', { min: 0, max: 1, step: 0.5 })], []) };
    expect(
      run(1, small)
        .points.map(({ cell }) => cell)
        .sort(),
    ).toEqual(['alpha=0', 'alpha=0.5', 'alpha=1', 'alpha=1,beta=0']);
  });

  it('that saw something else than its record says is told from one that did not', () => {
    const { points, steps } = run(3, plan, 1);
    const last = steps.findLastIndex((step) => step.points.some(({ trace }) => trace !== null));
    const seen = { observed: [{ ordinal: 0, values: { 0: 99, 1: 99 } }], pending: [] };
    const report = replaySearch(plan, points, steps.with(last, { ...steps[last]!, seen }));
    expect(report).toMatchObject({ steps: steps.length, difference: { step: last, version: searchVersion } });
    expect(report.reproduced).toBeLessThan(steps.length);
    const { ordinal } = steps[last]!.points.at(-1)!;
    const moved = points.with(ordinal, { ...points[ordinal]!, cell: 'alpha=0,beta=0' });
    expect(replaySearch(plan, moved, steps)).toMatchObject({
      reproduced: steps.length - 1,
      suggestions: { made: 9, reproduced: 8 },
      difference: { step: last },
    });
  });
});

describe('pointsWanted()', () => {
  const task = (openTrials: number, slots: number, isSearching = true) => ({ openTrials, slots, isSearching });
  const sweep = { maxParallel: 64, slots: 4, replicates: 2 };

  it('occupies what may run at once, first where least is on its way', () => {
    expect(pointsWanted([task(0, 4)], sweep)).toEqual([2]);
    expect(pointsWanted([task(3, 4)], sweep)).toEqual([1]);
    expect(pointsWanted([task(4, 4)], sweep)).toEqual([0]);
    expect(pointsWanted([task(0, 4)], { ...sweep, maxParallel: 1 })).toEqual([1]);
    expect(pointsWanted([task(2, 4), task(0, 4), task(0, 4, false)], sweep)).toEqual([0, 1, 0]);
    expect(pointsWanted([task(0, 100)], { ...sweep, slots: 100 })).toEqual([16]);
  });

  it('keeps one point on its way where nobody can run it, which takes no share from the others', () => {
    expect(pointsWanted([task(0, 0), task(0, 4)], sweep)).toEqual([1, 2]);
    expect(pointsWanted([task(2, 0), task(0, 4)], sweep)).toEqual([0, 2]);
    expect(pointsWanted([task(0, 0)], { ...sweep, slots: 0 })).toEqual([1]);
  });
});
