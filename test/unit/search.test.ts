import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AbkdError } from '../../core/errors.ts';
import { createRandom } from '../../core/random.ts';
import { createStrategy, searchMethods } from '../../core/search/registry.ts';
import type { Observation, SearchRequest } from '../../core/search/strategy.ts';
import { createAxis } from '../../core/space/axis.ts';
import { readConstraint } from '../../core/space/constraint.ts';
import { createSpace } from '../../core/space/space.ts';

const plane = createSpace(
  [createAxis('alpha', { min: 0, max: 1, step: 0.1 }), createAxis('beta', { min: 0, max: 1, step: 0.1 })],
  [readConstraint('alpha + beta <= 1')],
);
/** Cells of the triangle a + b <= 10 with a, b in 0 .. 10. */
const planeCells = 66;

const continuous = createSpace(
  [createAxis('alpha', { min: 0, max: 1 }), createAxis('beta', { min: 0, max: 1 })],
  [readConstraint('alpha + beta <= 0.5')],
);

const request = (change: Partial<SearchRequest>): SearchRequest => ({
  space: plane,
  history: [],
  pending: [],
  random: createRandom(1),
  count: 10,
  ...change,
});

const observed = (cells: readonly { cell: string; params: Readonly<Record<string, number>> }[]): Observation[] =>
  cells.map((cell) => ({ ...cell, value: 1, count: 1 }));

describe.each(searchMethods)('search method %s', (method) => {
  const suggest = createStrategy(method, { complete: false });

  it('suggests the same for the same seed and history, and something else for another seed', () => {
    const cells = (seed: number) => suggest(request({ random: createRandom(seed) })).map(({ cell }) => cell);
    expect(cells(1)).toEqual(cells(1));
    expect(cells(1)).not.toEqual(cells(2));
  });

  it('covers the space in batches without repeating what is finished or on its way', () => {
    const seen = new Set<string>();
    let history: Observation[] = [];
    for (let batch = 0; batch < 20; batch++) {
      const middle = history.length >> 1;
      const next = suggest(request({ history: history.slice(0, middle), pending: history.slice(middle), count: 7 }));
      for (const { cell } of next) {
        expect(seen.has(cell)).toBe(false);
        seen.add(cell);
      }
      history = [...history, ...observed(next)];
    }
    expect(seen.size).toBe(planeCells);
  });
});

describe('grid search', () => {
  it('lists the whole grid in the order of its axes', () => {
    const suggest = createStrategy('grid', { complete: true });
    const cells = suggest(request({ count: 1000 })).map(({ cell }) => cell);
    expect(cells).toHaveLength(planeCells);
    expect(cells.slice(0, 2)).toEqual(['alpha=0,beta=0', 'alpha=0,beta=0.1']);
    expect(cells.at(-1)).toBe('alpha=1,beta=0');
  });
});

describe('random search', () => {
  const suggest = createStrategy('random', { complete: false });

  it('respects steps, bounds and constraints, without repetition', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1, max: planeCells }), (seed, count) => {
        const points = suggest(request({ random: createRandom(seed), count }));
        expect(new Set(points.map(({ cell }) => cell)).size).toBe(count);
        for (const { params } of points) {
          expect(10 * params.alpha!).toBeCloseTo(Math.round(10 * params.alpha!), 9);
          expect(Math.round(10 * params.alpha!) + Math.round(10 * params.beta!)).toBeLessThanOrEqual(10);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('draws evenly from a continuous range within its constraints', () => {
    const points = suggest(request({ space: continuous, count: 400 }));
    expect(points).toHaveLength(400);
    for (const { params } of points) expect(params.alpha! + params.beta!).toBeLessThanOrEqual(0.5 + 1e-12);
    const mean = points.reduce((sum, { params }) => sum + params.alpha!, 0) / points.length;
    // Over the triangle alpha has mean 1/6 and standard deviation 0.118: 5 standard errors are 0.03.
    expect(Math.abs(mean - 1 / 6)).toBeLessThan(0.03);
  });

  it('suggests nothing more where all that it can find is taken', () => {
    const narrow = { ...continuous, constraints: [readConstraint('alpha + beta <= 0')] };
    const pending = [{ cell: 'alpha=0,beta=0', params: { alpha: 0, beta: 0 } }];
    expect(suggest(request({ space: narrow, pending }))).toEqual([]);
  });

  it('says so when the constraints leave nothing to draw', () => {
    const impossible = { ...continuous, constraints: [readConstraint('alpha + beta >= 3')] };
    expect(() => suggest(request({ space: impossible }))).toThrow(AbkdError);
    expect(() => suggest(request({ space: impossible }))).toThrow(/alpha \+ beta >= 3/);
  });
});
