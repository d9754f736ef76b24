import { describe, expect, it } from 'vitest';
import { quantile } from '../../core/stats/quantile.ts';
import { wilcoxonSignedRank } from '../../core/stats/wilcoxon.ts';

describe('wilcoxonSignedRank()', () => {
  // Golden values: SciPy 1.17.1 (stats.wilcoxon, method='exact'; of the one with ties and a zero, all permutations).
  it.each([
    [[1.5, -0.5, 2.25, 3, -1, 4.5, 0.75, 6, -2, 8], 0.064453125],
    [[1, 2, 3, 4, 5, 6], 0.03125],
    [[1, -1, 2, 2, -3, 0, 4, 4, 5, 1, -2], 0.1953125],
    [Array.from({ length: 30 }, (_, k) => ((37 * (k + 1)) % 101) - 35.3), 0.010598260909318924],
  ])('of %j is %d', (differences, p) => {
    expect(wilcoxonSignedRank(differences)).toBeCloseTo(p, 12);
    expect(wilcoxonSignedRank(differences.map((difference) => -difference))).toBeCloseTo(p, 12);
  });

  it('is 1 where nothing differs', () => {
    expect([wilcoxonSignedRank([]), wilcoxonSignedRank([0, 0])]).toEqual([1, 1]);
  });
});

describe('quantile()', () => {
  it('interpolates between neighbours, and takes infinite values', () => {
    expect([0, 0.25, 0.5, 0.9, 1].map((p) => quantile([4, 1, 3, 2], p))).toEqual([1, 1.75, 2.5, 3.7, 4]);
    expect(quantile([1, Number.POSITIVE_INFINITY, 2], 0.5)).toBe(2);
    expect(quantile([1, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY], 0.75)).toBe(Number.POSITIVE_INFINITY);
    expect(quantile([], 0.5)).toBeNaN();
  });
});
