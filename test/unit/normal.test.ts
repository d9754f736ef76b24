import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logImprovement, normalCdf, normalDensity, normalQuantile } from '../../core/stats/normal.ts';

const expectRelative = (actual: number, expected: number, tolerance: number) =>
  expect(Math.abs(actual / expected - 1)).toBeLessThan(tolerance);

describe('the standard normal', () => {
  // mpmath 1.3, 60 digits, rounded to doubles.
  it.each([
    [3, 0.9986501019683699],
    [0.5, 0.6914624612740131],
    [-1, 0.15865525393145705],
    [-2.9, 0.001865813300384038],
    [-3.1, 0.0009676032132183569],
    [-5, 2.866515718791939e-7],
    [-20, 2.7536241186062337e-89],
  ])('has the distribution function of mpmath at %f', (z, expected) => {
    expectRelative(normalCdf(z), expected, 1e-12);
  });

  it.each([
    [1e-300, -37.0470962993612],
    [1e-10, -6.361340902404057],
    [0.025, -1.9599639845400543],
    [0.3, -0.5244005127080408],
    [0.975, 1.9599639845400543],
  ])('has the quantile of mpmath at %f', (p, expected) => {
    expectRelative(normalQuantile(p), expected, 1e-12);
  });

  it('has a quantile function that undoes its distribution function', () => {
    fc.assert(
      fc.property(fc.double({ min: -8, max: 5, noNaN: true }), (z) => {
        expect(normalQuantile(normalCdf(z))).toBeCloseTo(z, 8);
      }),
    );
    expect(() => normalQuantile(0)).toThrow('expected a number in (0, 1)');
  });
});

describe('logImprovement()', () => {
  // mpmath 1.3, 60 digits: ln(φ(z) + z Φ(z)) and its derivative.
  it.each([
    [3, 1.0987396653277077, 0.3328409684517952],
    [0.5, -0.3598276837450638, 0.9909227180041099],
    [-1, -2.4851210257126413, 1.9042712333296918],
    [-1.999, -4.766104517240974, 2.6785964810460032],
    [-2.001, -4.771463351034321, 2.6802373631734575],
    [-5, -16.74430116266099, 5.361816241288088],
    [-6.5, -25.85342420977789, 6.788803524407328],
    [-20, -206.9178385094251, 20.099262811101283],
  ])('has the value and the slope of mpmath at %f', (z, value, derivative) => {
    const result = logImprovement(z);
    expectRelative(result.value, value, 1e-12);
    expectRelative(result.derivative, derivative, 1e-11);
  });

  it('is exact where the improvement itself underflows', () => {
    expectRelative(logImprovement(-1000).value, -500014.73445209116, 1e-14);
    expectRelative(logImprovement(-1e8).value, -5000000000000038, 1e-14);
    expect(normalDensity(-1000)).toBe(0);
  });
});
