import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { Observation, SearchRequest } from '../../core/search/strategy.ts';
import { createParzenEstimate } from '../../core/search/tpe/parzen.ts';
import { splitPoints } from '../../core/search/tpe/split.ts';
import { suggestByParzenEstimator } from '../../core/search/tpe/strategy.ts';
import { branin } from '../../core/simulate/functions.ts';
import type { TestProblem } from '../../core/simulate/problem.ts';
import { type AxisRange, createAxis } from '../../core/space/axis.ts';
import { readConstraint } from '../../core/space/constraint.ts';
import { toDecimal } from '../../core/space/decimal.ts';
import { countFeasible, createSpace, type Space, spaceHas } from '../../core/space/space.ts';
import { unitOf } from '../../core/space/unit.ts';

const spaceOf = (axes: Readonly<Record<string, AxisRange>>, constraints: readonly string[] = []) =>
  createSpace(
    Object.entries(axes).map(([name, range]) => createAxis(name, range)),
    constraints.map(readConstraint),
  );

const square = spaceOf({ alpha: { min: 0, max: 1 }, beta: { min: 0, max: 1 } });
const line = spaceOf({ alpha: { min: 0, max: 1 } });

const request = (change: Partial<SearchRequest>): SearchRequest => ({
  space: square,
  history: [],
  pending: [],
  random: createRandom(1),
  count: 1,
  ...change,
});

/** A whole search, one point at a time. */
function search(
  space: Space,
  points: number,
  value: (params: Readonly<Record<string, number>>) => number | null,
  seed = 1,
): readonly Observation[] {
  const history: Observation[] = [];
  while (history.length < points) {
    const [next] = suggestByParzenEstimator(request({ space, history, random: createRandom(seed) }));
    if (next === undefined) break;
    history.push({ ...next, value: value(next.params), count: 1 });
  }
  return history;
}

describe('the estimate of a density', () => {
  const group = (...units: readonly number[]) => ({
    columns: [Float64Array.from(units)],
    weights: new Float64Array(units.length).fill(1),
  });
  const meanDensity = (space: Space, units: readonly number[], ...centres: readonly number[]) => {
    const { logDensity } = createParzenEstimate(space, group(...centres));
    return units.reduce((sum, unit) => sum + Math.exp(logDensity([unit])), 0) / units.length;
  };

  it('is one in sum over a range, over coarse steps and over choices, also with centres at the ends', () => {
    const fine = Array.from({ length: 20_000 }, (_, i) => (i + 0.5) / 20_000);
    expect(meanDensity(line, fine, 0, 0.4, 0.5, 1)).toBeCloseTo(1, 3);
    expect(meanDensity(line, fine)).toBeCloseTo(1, 3);
    const steps = spaceOf({ alpha: { min: 0, max: 1, step: 0.25 } });
    const cells = Array.from({ length: 5 }, (_, place) => unitOf(steps.axes[0]!, place));
    // Five cells of a quarter each stand for what lies between -1/8 and 9/8.
    expect(meanDensity(steps, cells, 0, 0.25, 0.25) * 1.25).toBeCloseTo(1, 1);
    const choices = spaceOf({ alpha: { values: [1, 2, 3], categorical: true } });
    expect(3 * meanDensity(choices, [0, 0.5, 1], 0, 0.5, 0.5)).toBeCloseTo(1, 12);
  });

  it('is what is drawn from it', () => {
    const estimate = createParzenEstimate(line, {
      columns: [Float64Array.of(0.1, 0.7, 0.75)],
      weights: Float64Array.of(1, 4, 1),
    });
    const random = createRandom(3);
    const [draws, bins] = [20_000, 10];
    const counts = new Float64Array(bins);
    for (let i = 0; i < draws; i++)
      counts[Math.min(bins - 1, Math.max(0, Math.floor(bins * estimate.draw(random)[0]!)))]! += 1;
    for (const [bin, count] of counts.entries()) {
      const inside = Array.from({ length: 100 }, (_, i) => estimate.logDensity([(bin + (i + 0.5) / 100) / bins]));
      const expected = inside.reduce((sum, log) => sum + Math.exp(log) / 100 / bins, 0);
      // 5 standard errors.
      expect(Math.abs(count / draws - expected)).toBeLessThan(5 * Math.sqrt(expected / draws));
    }
  });

  it('knows which values go together', () => {
    const { logDensity } = createParzenEstimate(square, {
      columns: [Float64Array.of(0.1, 0.12, 0.9, 0.88), Float64Array.of(0.1, 0.12, 0.9, 0.88)],
      weights: new Float64Array(4).fill(1),
    });
    expect(logDensity([0.1, 0.1])).toBeGreaterThan(logDensity([0.1, 0.9]) + 1);
  });
});

describe('good and bad points', () => {
  const point = (alpha: number, value: number | null, count = 1): Observation => ({
    ...{ cell: `alpha=${alpha}`, params: { alpha }, value, count },
  });

  it('are the best tenth, and all others with those that failed or are on their way', () => {
    const history = [point(0.5, null, 0), ...Array.from({ length: 19 }, (_, i) => point(i / 20, i, 3))];
    const { good, bad } = splitPoints({ space: line, history, pending: [{ cell: 'alpha=1', params: { alpha: 1 } }] });
    expect([...good.columns[0]!]).toEqual([0.85, 0.9]);
    expect([...good.weights]).toEqual([3, 3]);
    expect([...bad.columns[0]!].sort()).toEqual([...Array.from({ length: 17 }, (_, i) => i / 20), 0.5, 1].sort());
    expect([...bad.weights]).toEqual([1, ...Array(17).fill(3), 1]);
  });

  it('do not count landmarks outside the space', () => {
    const { good, bad } = splitPoints({ space: line, history: [point(2, 9), point(0.5, 1)], pending: [] });
    expect([good.weights.length, [...bad.columns[0]!]]).toEqual([0, [0.5]]);
  });

  it('may lie at the ends of an axis', () => {
    const rates = spaceOf({ lr: { min: 1e-4, max: 0.3, step: 1e-4, log: true } });
    const history = [1e-4, 0.3].map((lr) => ({ cell: `lr=${lr}`, params: { lr }, value: lr, count: 1 }));
    const { good, bad } = splitPoints({ space: rates, history, pending: [] });
    expect([good.columns[0]![0], bad.columns[0]![0]]).toEqual([expect.closeTo(1, 9), expect.closeTo(0, 9)]);
  });

  it('are told apart where all are equal', () => {
    const history = Array.from({ length: 30 }, (_, i) => point(i / 30, 1));
    const { good, bad } = splitPoints({ space: line, history, pending: [] });
    expect([good.weights.length, bad.weights.length]).toEqual([3, 27]);
  });
});

describe('search by a Parzen estimator', () => {
  /** Regret of the best of `points`, the median over seeds. */
  const medianRegret = (problem: TestProblem, points: number) => {
    const space = spaceOf(problem.axes);
    const regrets = [1, 2, 3, 4, 5].map((seed) => {
      const values = search(space, points, (params) => problem.value(params), seed).map(({ value }) => value!);
      return problem.optimum - Math.max(...values);
    });
    return regrets.sort((a, b) => a - b)[2]!;
  };

  it('comes near the optimum of a function where chance does not', () => {
    // Uniform draws have a median regret of 0.38 after 100.
    expect(medianRegret(branin, 100)).toBeLessThan(0.03);
  });

  it('keeps away from where trials fail', () => {
    const points = search(square, 60, ({ alpha, beta }) => (alpha! > 0.5 ? null : -((beta! - 0.5) ** 2)));
    const [early, late] = [points.slice(0, 10), points.slice(30)];
    const failures = (some: readonly Observation[]) => some.filter(({ value }) => value === null).length / some.length;
    expect(failures(early)).toBeGreaterThan(0.3);
    expect(failures(late)).toBeLessThan(0.15);
  });

  it('spreads points that are on their way at the same time', () => {
    const history = search(square, 40, ({ alpha, beta }) => -((alpha! - 0.3) ** 2) - (beta! - 0.6) ** 2);
    const [first, ...others] = suggestByParzenEstimator(request({ history, count: 8 }));
    const ratio = (pending: SearchRequest['pending']) => {
      const { good, bad } = splitPoints({ space: square, history, pending });
      const unit = [first!.params.alpha!, first!.params.beta!];
      return createParzenEstimate(square, good).logDensity(unit) - createParzenEstimate(square, bad).logDensity(unit);
    };
    expect(ratio([])).toBeCloseTo(first!.trace!.acquisition!, 9);
    expect(ratio([first!])).toBeLessThan(ratio([]));
    expect(new Set([first, ...others].map((point) => point?.cell)).size).toBe(8);
  });

  it('finds the best of choices that have no order, together with a number', () => {
    const mixed = spaceOf({
      alpha: { values: [1, 2, 3, 4], categorical: true },
      lr: { min: 1e-4, max: 1, log: true },
    });
    const points = search(mixed, 60, ({ alpha, lr }) => (alpha === 3 ? 1 : 0) - Math.abs(Math.log10(lr! / 0.01)));
    const late = points.slice(40);
    expect(late.filter(({ params }) => params.alpha === 3).length / late.length).toBeGreaterThan(0.7);
    expect(Math.max(...points.map(({ value }) => value!))).toBeGreaterThan(0.9);
  });

  const spaces: readonly Space[] = [
    spaceOf({ alpha: { min: 0.5, max: 0.5, step: 1 } }),
    spaceOf({ alpha: { min: 0, max: 1, step: 0.5 } }),
    spaceOf({ alpha: { min: 0, max: 1 } }),
    spaceOf({ alpha: { values: [1, 2, 5], categorical: true }, beta: { values: [0, 1], categorical: true } }),
    spaceOf({ alpha: { values: [0.5] }, beta: { min: 1e-4, max: 1, log: true } }),
    spaceOf({ alpha: { min: 0, max: 1 }, beta: { min: 0, max: 1 } }, ['alpha + beta <= 0.3']),
    spaceOf({ alpha: { min: 0, max: 1, step: 0.01 }, beta: { min: 0, max: 1, step: 0.01 } }, ['alpha + beta <= 0.3']),
  ];
  const values: Readonly<Record<string, (turn: number) => number | null>> = {
    equal: () => 3,
    failed: () => null,
    oneFinite: (turn) => (turn === 4 ? 1 : null),
    huge: (turn) => 1e6 * turn,
    large: (turn) => -1e300 * turn,
  };

  it('suggests free cells of the space until there are none, whatever was observed', () => {
    const anyOf = <Item>(items: readonly Item[]) => fc.constantFrom(...items);
    fc.assert(
      fc.property(anyOf(spaces), anyOf(Object.keys(values)), fc.integer({ min: 0, max: 1e6 }), (space, kind, seed) => {
        let turn = 0;
        const points = search(space, 30, () => values[kind]!(turn++), seed);
        expect(new Set(points.map(({ cell }) => cell)).size).toBe(points.length);
        expect(points.length).toBe(Math.min(30, countFeasible(space)));
        for (const { params, trace } of points) {
          const coordinates = new Map(Object.entries(params).map(([name, value]) => [name, toDecimal(value)]));
          expect(spaceHas(space, coordinates)).toBe(true);
          expect(Number.isFinite(trace?.acquisition ?? 0)).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  });
});
