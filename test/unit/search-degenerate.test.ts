import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { createStrategy, type SearchMethod, searchMethods } from '../../core/search/registry.ts';
import type { Observation, Suggestion } from '../../core/search/strategy.ts';
import { type AxisRange, createAxis } from '../../core/space/axis.ts';
import { readConstraint } from '../../core/space/constraint.ts';
import { toDecimal } from '../../core/space/decimal.ts';
import { countFeasible, createSpace, type Space, spaceHas } from '../../core/space/space.ts';

type Params = Readonly<Record<string, number>>;

const spaceOf = (ranges: Readonly<Record<string, AxisRange>>, constraints: readonly string[] = []) =>
  createSpace(
    Object.entries(ranges).map(([name, range]) => createAxis(name, range)),
    constraints.map(readConstraint),
  );

const unitRange = { min: 0, max: 1 };
const plane = spaceOf({ x: unitRange, y: unitRange });
const hill = ({ x = 0, y = 0 }: Params) => -((x - 0.3) ** 2) - (y - 0.7) ** 2;

const mixed = spaceOf({
  lr: { min: 1e-4, max: 1, step: 1e-4, log: true },
  depth: { min: 1, max: 8, step: 1 },
  kind: { values: [0, 1, 2], categorical: true },
  width: { values: [16, 32, 64, 128] },
  x: unitRange,
});

interface Search {
  readonly method: SearchMethod;
  readonly space: Space;
  readonly points: number;
  readonly value: (params: Params, place: number) => number | null;
  readonly before?: readonly Observation[];
  readonly parallel?: number;
  readonly seed?: number;
}

/** Runs a search to its end, and checks what holds of every suggestion. */
function run({ method, space, points, value, before = [], parallel = 1, seed = 1 }: Search): readonly Suggestion[] {
  const suggest = createStrategy(method, { complete: false });
  const history = [...before];
  const pending: Suggestion[] = [];
  const suggested: Suggestion[] = [];
  const seen = new Set(before.map(({ cell }) => cell));
  for (;;) {
    const count = Math.min(parallel - pending.length, points - suggested.length);
    const random = createRandom(seed);
    for (const next of count === 0 ? [] : suggest({ space, history, pending, random, count })) {
      expect(seen.has(next.cell), `${next.cell} again`).toBe(false);
      seen.add(next.cell);
      const coordinates = new Map(Object.entries(next.params).map(([name, at]) => [name, toDecimal(at)]));
      expect(spaceHas(space, coordinates), `${next.cell} is of the space`).toBe(true);
      expect(numbersIn(next.trace).filter((number) => !Number.isFinite(number))).toEqual([]);
      pending.push(next);
      suggested.push(next);
    }
    const ended = pending.shift();
    if (ended === undefined) return suggested;
    history.push({ ...ended, value: value(ended.params, history.length), count: 1 });
  }
}

function numbersIn(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

const observed = (params: Params, value: number | null): Observation => ({
  cell: Object.entries(params)
    .map(([name, at]) => `${name}=${at}`)
    .join(','),
  params,
  value,
  count: 1,
});

describe.each(searchMethods)('search method %s on degenerate input', (method) => {
  // A grid of the continuous plane has too many cells to be listed: its callers ask for steps.
  const area =
    method === 'grid' ? spaceOf({ x: { ...unitRange, step: 0.02 }, y: { ...unitRange, step: 0.02 } }) : plane;

  it.each<readonly [string, Search['value']]>([
    ['are all equal', () => 0.5],
    ['are all missing', () => null],
    ['are missing but for one', (_, place) => (place === 3 ? 1 : null)],
    ['are missing half of the time', (params, place) => (place % 2 === 0 ? null : hill(params))],
    ['are of the order of a million', (params) => 3e6 + 1e6 * hill(params)],
    ['are of the order of a millionth', (params) => 1e-6 * hill(params)],
    ['hold a single outlier', (params, place) => (place === 6 ? -1e9 : hill(params))],
  ])('goes on where values %s', (_, value) => {
    expect(run({ method, space: area, points: 16, value, parallel: 3 })).toHaveLength(16);
  });

  it('goes on from one observation', () => {
    expect(
      run({ method, space: area, points: 3, value: hill, before: [observed({ x: 0.5, y: 0.5 }, 1)] }),
    ).toHaveLength(3);
  });

  it('goes on from landmarks outside of the space that share their parameters', () => {
    const before = ['a', 'b', 'c', 'd', 'e', 'f'].map((cell, i) => ({
      ...observed({ x: 2, y: -1 }, i),
      cell,
    }));
    expect(run({ method, space: area, points: 8, value: hill, before })).toHaveLength(8);
  });

  it('goes on from landmarks of value 0 on a logarithmic axis', () => {
    const space = spaceOf({ x: { min: 0.01, max: 1, step: 0.01, log: true }, y: { min: 0, max: 1, step: 0.1 } });
    const before = [observed({ x: 0, y: 1 }, -1), observed({ x: 0, y: 0 }, -2)];
    expect(run({ method, space, points: 12, value: hill, before })).toHaveLength(12);
  });

  it('suggests the only cell of a space once', () => {
    const space = spaceOf({ x: { values: [3] }, y: { min: 1, max: 1 } });
    expect(run({ method, space, points: 5, value: () => 1 }).map(({ params }) => params)).toEqual([{ x: 3, y: 1 }]);
  });

  it('suggests the last free cells of a space and then nothing', () => {
    const space = spaceOf({ x: { min: 0, max: 3, step: 1 }, y: { min: 0, max: 3, step: 1 } }, ['x + y <= 4']);
    const points = run({ method, space, points: 100, value: hill, parallel: 4 });
    expect(points).toHaveLength(countFeasible(space));
  });

  it('suggests nothing where a constraint leaves no cell of a grid', () => {
    const space = spaceOf({ x: { min: 0, max: 1, step: 0.1 }, y: { min: 0, max: 1, step: 0.1 } }, ['x + y >= 3']);
    const before = Array.from({ length: 8 }, (_, i) => observed({ x: i, y: 3 }, i));
    expect(run({ method, space, points: 3, value: hill, before })).toEqual([]);
  });

  it('searches one axis, choices alone, and five axes of all kinds', () => {
    const choices = spaceOf({
      a: { values: [1, 2, 3], categorical: true },
      b: { values: [5, 6, 7, 8], categorical: true },
    });
    expect(
      run({ method, space: spaceOf({ x: { min: 0, max: 1, step: 0.01 } }), points: 12, value: hill }),
    ).toHaveLength(12);
    expect(run({ method, space: choices, points: 20, value: ({ a = 0, b = 0 }) => a * b })).toHaveLength(12);
    if (method === 'grid') return;
    const value = ({ lr = 1, depth = 0, kind = 0 }: Params) =>
      -(Math.log10(lr * 100) ** 2) - Math.abs(depth - 4) - kind;
    expect(run({ method, space: mixed, points: 16, value, parallel: 2 })).toHaveLength(16);
  });

  it('keeps to any space of a few axes, whatever comes back', () => {
    const range = fc.oneof(
      fc.record({ min: fc.integer({ min: -3, max: 0 }), max: fc.integer({ min: 0, max: 4 }), step: fc.constant(1) }),
      fc.constant({ min: 1, max: 9, step: 1, log: true }),
      fc.constant({ values: [0, 1, 5] }),
      fc.constant({ values: [2, 4, 8], categorical: true }),
    );
    const results = fc.array(fc.option(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 })), {
      minLength: 8,
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 4 }), results, fc.integer(), (ranges, values, seed) => {
        const space = spaceOf(Object.fromEntries(ranges.map((each, i) => [`p${i}`, each])));
        const points = Math.min(12, countFeasible(space));
        const value = (_: Params, place: number) => values[place % values.length] ?? null;
        expect(run({ method, space, points, value, parallel: 2, seed: seed >>> 0 })).toHaveLength(points);
      }),
      { numRuns: 12 },
    );
  });
});

const firstAxis = (params: Params) => -((Object.values(params)[0]! - 0.3) ** 2);

describe('search by a Gaussian process', () => {
  const abOnLogAxis = spaceOf({ alpha: { min: 0.1, max: 1.2, log: true }, beta: { min: -0.2, max: 1 } });

  const found = (value: Search['value']) => {
    const points = run({ method: 'gp', space: plane, points: 20, value });
    return Math.max(...points.map(({ params }) => hill(params)));
  };

  it.each([1e6, 1, 1e-6, 1e-14])('finds a top whose values are of the order of %d', (scale) => {
    expect(found((params) => scale * hill(params))).toBeGreaterThan(-0.003);
  });

  it('finds a top beside a third of failed trials', () => {
    expect(found((params, place) => (place % 3 === 0 ? null : hill(params)))).toBeGreaterThan(-0.003);
  });

  it.each<readonly [string, Space, readonly Params[]]>([
    [
      'of value 0 on a logarithmic axis',
      spaceOf({ x: { min: 0.01, max: 1, log: true }, y: unitRange }),
      [{ x: 0, y: 1 }],
    ],
    ['of value 0 on a logarithmic axis of the plane', abOnLogAxis, [{ alpha: 0, beta: 1 }]],
    [
      'with a choice that the space lacks',
      spaceOf({ x: { values: [1, 2, 3], categorical: true }, y: unitRange }),
      [{ x: 9, y: 1 }],
    ],
    ['with the same parameters', plane, Array.from({ length: 6 }, () => ({ x: 2, y: -1 }))],
  ])('still goes by its model beside landmarks %s', (_, space, landmarks) => {
    const before = landmarks.map((params, i) => ({ ...observed(params, i / 10), cell: `landmark ${i}` }));
    const late = run({ method: 'gp', space, points: 12, value: firstAxis, before }).slice(6);
    expect(late.filter(({ trace }) => trace === undefined)).toEqual([]);
  });

  it('keeps away from where trials fail', () => {
    const value = (params: Params) => (params.x! > 0.5 ? null : hill(params));
    const late = run({ method: 'gp', space: plane, points: 24, value }).slice(8);
    expect(late.filter(({ params }) => params.x! > 0.5).length).toBeLessThan(late.length / 3);
  });

  it('learns from two choices which is better', () => {
    const space = spaceOf({ a: { values: [1, 2], categorical: true }, x: unitRange });
    const value = ({ a = 0, x = 0 }: Params) => (a === 2 ? 1 : 0) - (x - 0.4) ** 2;
    const late = run({ method: 'gp', space, points: 20, value }).slice(10);
    expect(late.filter(({ params }) => params.a === 2).length).toBeGreaterThan(6);
  });
});
