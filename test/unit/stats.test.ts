import { describe, expect, it } from 'vitest';
import { oneWayAnova } from '../../core/stats/anova.ts';
import { estimate } from '../../core/stats/estimate.ts';
import { fUpperTail, incompleteBeta, logGamma, studentTwoSided } from '../../core/stats/special.ts';

// Golden values: SciPy 1.17.1 (special.gammaln, special.betainc, stats.f.sf, 2 * stats.t.sf, stats.f_oneway).
const relative = (actual: number, expected: number) =>
  expected === 0 ? Math.abs(actual) : Math.abs(actual - expected) / Math.abs(expected);

describe('special functions', () => {
  it.each([
    [0.1, 2.252712651734206],
    [0.5, 0.5723649429247],
    [1, 0],
    [1.5, -0.12078223763524526],
    [2, 0],
    [3.7, 1.428072326665388],
    [10, 12.801827480081469],
    [50.5, 146.51925549072064],
    [1000, 5905.220423209181],
  ])("logGamma(%d) is SciPy's", (x, expected) => {
    expect(relative(logGamma(x), expected)).toBeLessThan(1e-13);
  });

  it.each([
    [0.5, 0.5, 0.3, 0.36901011956554536],
    [1, 3, 0.2, 0.48800000000000004],
    [2.5, 0.5, 0.9, 0.48958974456442755],
    [25, 12, 0.6, 0.16200635980904032],
    [25, 12, 0.9, 0.9998752280385721],
    [0.5, 100, 0.001, 0.34495648367557025],
    [300, 200, 0.55, 0.011853654379737162],
    [2, 3, 0, 0],
    [2, 3, 1, 1],
  ])("incompleteBeta(%d, %d, %d) is SciPy's", (a, b, x, expected) => {
    expect(relative(incompleteBeta(a, b, x), expected)).toBeLessThan(1e-11);
  });

  it.each([
    [1, 1, 1, 0.5],
    [2.5, 24, 50, 0.0031495339092405756],
    [10, 3, 20, 0.0003094054635144071],
    [0.3, 5, 7, 0.8981557643278846],
    [40, 24, 50, 8.1667168219032895e-25],
  ])("P(F > %d) with %d and %d degrees of freedom is SciPy's", (f, d1, d2, expected) => {
    expect(relative(fUpperTail(f, d1, d2), expected)).toBeLessThan(1e-11);
  });

  it.each([
    [0, 5, 1],
    [1, 1, 0.5],
    [2, 2, 0.18350341907227397],
    [-3.1, 10, 0.011250657216083414],
    [12, 30, 5.580185415199261e-13],
  ])("P(|T| > |%d|) with %d degrees of freedom is SciPy's", (t, v, expected) => {
    expect(relative(studentTwoSided(t, v), expected)).toBeLessThan(1e-11);
  });
});

describe('estimate()', () => {
  it('gives mean, deviation and error over n - 1', () => {
    // 2, 4, 9: mean 5, squares 9 + 1 + 16 = 26, sd sqrt(13), se sqrt(13 / 3).
    expect(estimate([2, 4, 9])).toEqual({ n: 3, mean: 5, sd: Math.sqrt(13), se: Math.sqrt(13) / Math.sqrt(3) });
  });

  it('claims no spread for one value and nothing for none', () => {
    expect(estimate([3])).toEqual({ n: 1, mean: 3, sd: null, se: null });
    expect(estimate([])).toBeNull();
  });
});

describe('oneWayAnova()', () => {
  const groups = [
    [95.1, 95.4, 94.9],
    [93.2, 93.9, 93.1],
    [95.6, 95.0, 95.2],
    [90.1, 91.7, 90.8],
  ];

  it('agrees with SciPy', () => {
    const result = oneWayAnova(groups)!;
    expect(result.dfBetween).toBe(3);
    expect(result.dfWithin).toBe(8);
    expect(relative(result.f, 50.998877665543915)).toBeLessThan(1e-10);
    expect(relative(result.p, 1.4702159066594026e-5)).toBeLessThan(1e-9);
  });

  it('leaves out groups with one value', () => {
    expect(oneWayAnova([...groups, [12], []])).toEqual(oneWayAnova(groups));
  });

  it('has no answer for fewer than two groups or values that never differ within theirs', () => {
    expect(oneWayAnova([[1, 2, 3], [4]])).toBeNull();
    expect(
      oneWayAnova([
        [0.1, 0.1, 0.1],
        [0.7, 0.7, 0.7],
      ]),
    ).toBeNull();
  });
});
