import { describe, expect, it } from 'vitest';
import { dunnettUpperTail } from '../../core/stats/dunnett.ts';
import { holm } from '../../core/stats/holm.ts';
import { leadOver, pooledNoise } from '../../core/stats/lead.ts';
import { fitSeedModel } from '../../core/stats/seed-effects.ts';

const bySeed = (...values: readonly number[]) => new Map(values.map((value, seed) => [seed, value]));

describe('holm()', () => {
  it('multiplies the smallest by their number, the next by one less, and never falls', () => {
    // 0.01 x 4, 0.02 x 3, max(0.06, 0.03 x 2), 0.5 x 1; in the order given.
    expect(holm([0.02, 0.5, 0.01, 0.03])).toEqual([0.06, 0.5, 0.04, 0.06]);
  });

  it('ends at 1, and has nothing to say of nothing', () => {
    expect(holm([0.9, 0.6])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });
});

describe('dunnettUpperTail()', () => {
  // Golden values: the double integral by SciPy 1.17.1 (integrate.quad in quad); one candidate: stats.t.sf.
  it.each([
    [2.5, 1, 10, 0.01572342211830441],
    [-1, 1, 4, 1 - 0.18695048315002943],
    [2.5, 10, 10, 0.0854963422712951],
    [3, 48, 48, 0.047618743826504994],
    [1, 5, 4, 0.44754130643437606],
  ])("t = %d, %d candidates, %d degrees of freedom is SciPy's", (t, candidates, v, expected) => {
    expect(dunnettUpperTail(t, candidates, v)).toBeCloseTo(expected, 8);
  });

  it('is the share of draws in which the best of equal points leads by so much', () => {
    // Of m + 1 equal values the control is the greatest once in m + 1: the best of the others leads by more than 0 else.
    expect(dunnettUpperTail(0, 9, 1_000)).toBeCloseTo(0.9, 8);
    expect(dunnettUpperTail(0, 2, 1)).toBeCloseTo(2 / 3, 3);
  });
});

describe('fitSeedModel()', () => {
  it('takes no noise and no effect of a seed from a point that collapsed under one', () => {
    const good = [90, 91, 90.5, 91.5, 89.5].map((level) => bySeed(level, level + 0.5, level - 0.25));
    const collapsed = bySeed(85, 11, 84.5);
    const { means, variance } = fitSeedModel([...good, collapsed]);
    expect(variance).toBeCloseTo(0, 12);
    expect([...means.slice(0, 5)]).toEqual([...fitSeedModel(good).means]);
    expect(means[5]).toBeLessThan(61);
    expect(pooledNoise([...good, collapsed])).toEqual(pooledNoise(good));
  });

  it('takes what seeds share out of points that lack some of them', () => {
    // Points 1, 2, 4; seeds 0, +1, -3 on top: no noise at all, whatever is missing.
    const points = [
      new Map([
        [7, 1],
        [8, 2],
        [9, -2],
      ]),
      new Map([
        [7, 2],
        [8, 3],
      ]),
      new Map([
        [8, 5],
        [9, 1],
      ]),
    ];
    const { means, variance, degreesOfFreedom } = fitSeedModel(points);
    expect(means[1]! - means[0]!).toBeCloseTo(1, 9);
    expect(means[2]! - means[0]!).toBeCloseTo(3, 9);
    expect(degreesOfFreedom).toBe(7 - 3 - 3 + 1);
    expect(variance).toBeCloseTo(0, 12);
  });

  it('estimates the noise that is left, by hand', () => {
    // Rows 1 3 | 2 2: point means 2 2, seed means 1.5 2.5, rest ±0.5 four times: 1 over 1 degree of freedom.
    expect(fitSeedModel([bySeed(1, 3), bySeed(2, 2)])).toMatchObject({ variance: 1, degreesOfFreedom: 1 });
  });

  it('knows nothing of noise from one seed, or from seeds that no two points share', () => {
    expect(fitSeedModel([bySeed(1), bySeed(2)])).toMatchObject({ variance: null, degreesOfFreedom: 0 });
    const apart = [bySeed(1, 2), new Map([[5, 3]])];
    expect(fitSeedModel(apart)).toMatchObject({ variance: null, degreesOfFreedom: 0 });
    expect([...fitSeedModel(apart).means]).toEqual([1.5, 3]);
  });
});

describe('leadOver()', () => {
  const best = bySeed(91.2, 90.7, 91.9);
  const other = bySeed(90.1, 90.2, 90.6);

  it('of two points is the paired t-test of SciPy', () => {
    // stats.ttest_rel(best, other, alternative='greater').
    const lead = leadOver(best, other, pooledNoise([best, other]), 1)!;
    expect(lead).toMatchObject({ n: 3, isPaired: true, degreesOfFreedom: 2 });
    expect(lead.mean).toBeCloseTo(0.9666666666666686, 10);
    expect(lead.mean / lead.se!).toBeCloseTo(4.021576422632881, 8);
    expect(lead.p).toBeCloseTo(0.028314964741542683, 8);
  });

  it('learns of the noise from all points, and pays for the choice among them', () => {
    const quiet = [bySeed(80, 79.8, 80.6), bySeed(70, 69.9, 70.5), bySeed(60.1, 59.9, 60.6)];
    const noise = pooledNoise([best, other, ...quiet]);
    const chosen = leadOver(best, other, noise, 4)!;
    expect(chosen.degreesOfFreedom).toBe(8);
    expect(chosen.p!).toBeGreaterThan(leadOver(best, other, noise, 1)!.p!);
  });

  it('compares points without a common seed as independent ones', () => {
    const fresh = new Map([...other].map(([seed, value]) => [seed + 10, value]));
    const lead = leadOver(best, fresh, pooledNoise([best, fresh]), 1)!;
    expect(lead).toMatchObject({ isPaired: false, degreesOfFreedom: 4 });
    // stats.ttest_ind(best, other, alternative='greater').
    expect(lead.p).toBeCloseTo(0.03187285041390928, 8);
  });

  it('has no p from one seed each, and none at all without values', () => {
    expect(leadOver(bySeed(2), bySeed(1), pooledNoise([bySeed(2), bySeed(1)]), 2)).toMatchObject({
      mean: 1,
      se: null,
      p: null,
    });
    expect(leadOver(best, new Map(), pooledNoise([best]), 1)).toBeNull();
  });

  it('takes a lead without any noise for a fact', () => {
    const exact = [bySeed(2, 2), bySeed(1, 1)] as const;
    expect(leadOver(...exact, pooledNoise(exact), 5)).toMatchObject({ se: 0, p: 0 });
    expect(leadOver(exact[0], exact[0], pooledNoise(exact), 5)).toMatchObject({ mean: 0, p: 1 });
  });
});
