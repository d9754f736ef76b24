import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AbkdError } from '../../core/errors.ts';
import { axisHas, axisLength, axisValue, createAxis } from '../../core/space/axis.ts';
import { bindConstraint, readConstraint, satisfies } from '../../core/space/constraint.ts';
import { add, compare, formatDecimal, multiply, toDecimal, toNumber } from '../../core/space/decimal.ts';
import { cellText, countCells, createSpace, listCells, paramsOf, spaceHas } from '../../core/space/space.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
/** k / 1000: texts with up to three places, as people write them. */
const thousandths = fc.integer({ min: -5000, max: 5000 }).map((k) => k / 1000);

const valuesOf = (axis: ReturnType<typeof createAxis>) =>
  Array.from({ length: axisLength(axis) }, (_, index) => formatDecimal(axisValue(axis, index)));

describe('decimals', () => {
  it('give back every finite number', () => {
    fc.assert(fc.property(finite, (value) => toNumber(toDecimal(value)) === value + 0));
  });

  it('write tenths as people do', () => {
    const sum = add(toDecimal(0.1), toDecimal(0.2));
    expect(formatDecimal(sum)).toBe('0.3');
    expect(formatDecimal(multiply(toDecimal(0.1), toDecimal(3)))).toBe('0.3');
    expect(formatDecimal(toDecimal(-0))).toBe('0');
    expect(formatDecimal(toDecimal(1e-7))).toBe('0.0000001');
    expect(formatDecimal(toDecimal(1e21))).toBe('1000000000000000000000');
    expect(formatDecimal(toDecimal(-0.05))).toBe('-0.05');
  });

  it('add and compare as exact thousandths', () => {
    fc.assert(
      fc.property(thousandths, thousandths, (a, b) => {
        const exact = (Math.round(a * 1000) + Math.round(b * 1000)) / 1000;
        expect(toNumber(add(toDecimal(a), toDecimal(b)))).toBe(exact + 0);
        expect(Math.sign(compare(toDecimal(a), toDecimal(b)))).toBe(Math.sign(a - b));
      }),
    );
  });

  it('refuse what has no decimal text', () => {
    expect(() => toDecimal(Number.NaN)).toThrow(RangeError);
    expect(() => toDecimal(Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });
});

describe('axes', () => {
  it('step exactly and end at the last value within the range', () => {
    expect(valuesOf(createAxis('alpha', { min: 0, max: 0.5, step: 0.1 }))).toEqual([
      '0',
      '0.1',
      '0.2',
      '0.3',
      '0.4',
      '0.5',
    ]);
    expect(valuesOf(createAxis('beta', { min: -0.2, max: 0.25, step: 0.2 }))).toEqual(['-0.2', '0', '0.2']);
    expect(valuesOf(createAxis('beta', { min: 1, max: 1, step: 5 }))).toEqual(['1']);
  });

  it('contain their own values, each once, and nothing between', () => {
    const range = fc.tuple(thousandths, fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 900 }));
    fc.assert(
      fc.property(range, ([min, intervals, step]) => {
        const max = (Math.round(min * 1000) + intervals * step) / 1000;
        const axis = createAxis('x', { min, max, step: step / 1000 });
        expect(axisLength(axis)).toBe(intervals + 1);
        expect(new Set(valuesOf(axis)).size).toBe(intervals + 1);
        expect(toNumber(axisValue(axis, intervals))).toBe(max + 0);
        for (let index = 0; index <= intervals; index++) expect(axisHas(axis, axisValue(axis, index))).toBe(true);
        expect(axisHas(axis, add(axisValue(axis, 0), toDecimal(step / 2000)))).toBe(false);
        expect(axisHas(axis, add(axisValue(axis, intervals), toDecimal(step / 1000)))).toBe(false);
      }),
    );
  });

  it('cut a range without step into about a million values', () => {
    const axis = createAxis('lr', { min: 0.001, max: 0.1 });
    expect(axisLength(axis)).toBeGreaterThan(100_000);
    expect(axisLength(axis)).toBeLessThan(20_000_000);
    expect(axisHas(axis, toDecimal(0.05))).toBe(true);
  });
});

describe('readConstraint()', () => {
  const holds = (text: string, values: Readonly<Record<string, number>>) =>
    satisfies(readConstraint(text), new Map(Object.entries(values).map(([name, value]) => [name, toDecimal(value)])));

  it('reads sums, coefficients, constants and both relations', () => {
    expect(holds('alpha + beta <= 1.3', { alpha: 1, beta: 0.3 })).toBe(true);
    expect(holds('alpha + beta <= 1.3', { alpha: 1, beta: 0.4 })).toBe(false);
    expect(holds('2*alpha - .5 * beta >= -1e-1', { alpha: 0, beta: 0.2 })).toBe(true);
    expect(holds('2*alpha - .5 * beta >= -1e-1', { alpha: 0, beta: 0.3 })).toBe(false);
    expect(holds('1 >= alpha - beta + 0.5', { alpha: 1, beta: 0.5 })).toBe(true);
    expect(holds('-alpha<=-0.5', { alpha: 0.4 })).toBe(false);
  });

  it('is exact where doubles are not', () => {
    // In doubles 0.1 + 0.2 > 0.3.
    expect(holds('alpha + beta <= 0.3', { alpha: 0.1, beta: 0.2 })).toBe(true);
  });

  it('puts given values in for their names', () => {
    const bound = bindConstraint(
      readConstraint('alpha + 2*temperature <= 9'),
      new Map([['temperature', toDecimal(4)]]),
    );
    expect(bound.terms.map((term) => term.name)).toEqual(['alpha']);
    expect(satisfies(bound, new Map([['alpha', toDecimal(1)]]))).toBe(true);
    expect(satisfies(bound, new Map([['alpha', toDecimal(1.1)]]))).toBe(false);
  });

  it.each([
    '',
    'alpha',
    'alpha < 1',
    'alpha = 1',
    'alpha <= 1 <= beta',
    '<= 1',
    'alpha <=',
    'alpha beta <= 1',
    'alpha * beta <= 1',
    '(alpha) <= 1',
    'alpha^2 <= 1',
    'alpha + + beta <= 1',
    '1 <= 2',
    'alpha - alpha <= 1',
    'alpha <= 0x10',
    'alpha <= Infinity; process.exit()',
    'require("fs") <= 1',
    'alpha <= 1e999',
  ])('refuses %j', (text) => {
    expect(() => readConstraint(text)).toThrow(AbkdError);
  });
});

describe('spaces', () => {
  const axis = (name: string, max: number) => createAxis(name, { min: 0, max, step: 0.1 });

  it('list every feasible cell once, the last axis moving fastest', () => {
    const space = createSpace([axis('beta', 0.2), axis('alpha', 0.1)], [readConstraint('alpha + beta <= 0.2')]);
    expect(countCells(space)).toBe(6);
    expect(listCells(space).map(cellText)).toEqual([
      'alpha=0,beta=0',
      'alpha=0,beta=0.1',
      'alpha=0,beta=0.2',
      'alpha=0.1,beta=0',
      'alpha=0.1,beta=0.1',
    ]);
  });

  it('hold exactly the cells that they list', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 20 }), (width, bound) => {
        const space = createSpace(
          [axis('alpha', width / 10), axis('beta', 1)],
          [readConstraint(`alpha + beta <= ${bound / 10}`)],
        );
        const cells = listCells(space);
        expect(new Set(cells.map(cellText)).size).toBe(cells.length);
        for (const cell of cells) {
          expect(spaceHas(space, cell)).toBe(true);
          const { alpha, beta } = paramsOf(cell);
          expect(Math.round(10 * alpha!) + Math.round(10 * beta!)).toBeLessThanOrEqual(bound);
        }
        let expected = 0;
        for (let a = 0; a <= width; a++) for (let b = 0; b <= 10; b++) if (a + b <= bound) expected += 1;
        expect(cells.length).toBe(expected);
      }),
    );
  });

  it('without axes have one cell', () => {
    expect(listCells(createSpace([], [])).map(cellText)).toEqual(['default']);
  });
});
