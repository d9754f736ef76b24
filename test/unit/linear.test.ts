import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cholesky } from '../../core/linear/cholesky.ts';
import { minimise, type Objective } from '../../core/linear/minimise.ts';
import { createRandom } from '../../core/random.ts';

/** A Aᵀ + n I with a random A: symmetric, positive definite, well conditioned. */
function randomMatrix(n: number, seed: number): Float64Array[] {
  const random = createRandom(seed);
  const a = Array.from({ length: n }, () => Float64Array.from({ length: n }, () => random.normal()));
  return a.map((row, i) => row.map((_, j) => product(a[i]!, a[j]!) + (i === j ? n : 0)));
}

const product = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const factorOf = (matrix: readonly Float64Array[]) => {
  const factor = new Cholesky();
  for (const row of matrix) factor.append(row);
  return factor;
};
const randomVector = (n: number, seed: number) => {
  const random = createRandom(seed).split('vector');
  return Float64Array.from({ length: n }, () => random.normal());
};
const expectClose = (actual: ArrayLike<number>, expected: ArrayLike<number>) => {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) expect(actual[i]).toBeCloseTo(expected[i]!, 9);
};

describe('Cholesky', () => {
  const sizes = [1, 3, 4, 5, 8, 31];

  it.each(sizes)('solves, inverts, samples and takes the determinant of a matrix of %i rows', (n) => {
    const matrix = randomMatrix(n, n);
    const factor = factorOf(matrix);
    const b = randomVector(n, 1);
    const solved = factor.solve(Float64Array.from(b));
    expectClose(
      matrix.map((row) => product(row, solved)),
      b,
    );
    const inverse = factor.inverse();
    expectClose(
      Array.from({ length: n }, (_, i) => product(inverse.slice(i * n, i * n + n), b)),
      solved,
    );
    // |L z|² in the metric of K⁻¹ is |z|².
    const sample = factor.multiply(b);
    expect(product(sample, factor.solve(Float64Array.from(sample)))).toBeCloseTo(product(b, b), 9);
    // ln |K| as the sum over leading blocks of ln of the pivots squared, each K's variance given the ones before.
    const pivots = matrix.map((row, i) => {
      const before = factorOf(matrix.slice(0, i));
      return row[i]! - product(row.slice(0, i), before.solve(row.slice(0, i)));
    });
    expect(factor.logDeterminant()).toBeCloseTo(
      pivots.reduce((sum, pivot) => sum + Math.log(pivot), 0),
      9,
    );
  });

  it('solves four right-hand sides at once as it solves each', () => {
    const factor = factorOf(randomMatrix(11, 2));
    const sides = [1, 2, 3, 4].map((seed) => randomVector(11, seed));
    const block = Float64Array.from({ length: 44 }, (_, at) => sides[at % 4]![at >> 2]!);
    factor.solveLowerFour(block);
    for (const [lane, side] of sides.entries()) {
      expectClose(
        block.filter((_, at) => at % 4 === lane),
        factor.solveLower(Float64Array.from(side)),
      );
    }
  });

  it('has the same bits whether it grew from a copy or was computed at once', () => {
    const matrix = randomMatrix(23, 3);
    const whole = factorOf(matrix);
    const identity = (factor: Cholesky) =>
      matrix.map((_, i) => [...factor.multiply(Float64Array.from(matrix, (__, j) => (i === j ? 1 : 0)))]);
    for (const kept of [0, 1, 6, 22]) {
      const grown = whole.copy(kept);
      for (const row of matrix.slice(kept)) grown.append(row);
      expect(identity(grown)).toEqual(identity(whole));
    }
  });

  it('takes a singular matrix as if a little noise had been added', () => {
    const factor = factorOf(Array.from({ length: 5 }, () => new Float64Array(5).fill(2)));
    const mean = factor.solve(new Float64Array(5).fill(1)).reduce((sum, weight) => sum + 2 * weight, 0);
    expect(mean).toBeCloseTo(1, 6);
  });
});

describe('minimise()', () => {
  const wide = { lower: new Float64Array(2).fill(-5), upper: new Float64Array(2).fill(5) };
  const rosenbrock: Objective = (x, gradient) => {
    const [a, b] = [x[0]!, x[1]!];
    gradient[0] = -2 * (1 - a) - 400 * a * (b - a * a);
    gradient[1] = 200 * (b - a * a);
    return (1 - a) ** 2 + 100 * (b - a * a) ** 2;
  };

  it('finds the minimum of a curved valley', () => {
    const { x, value } = minimise(rosenbrock, Float64Array.of(-1.2, 1), wide, { iterations: 200 });
    expectClose(
      x.map((at) => Math.round(at * 1e4) / 1e4),
      [1, 1],
    );
    expect(value).toBeLessThan(1e-8);
  });

  it('stops at the bound where the minimum lies outside the box', () => {
    const box = { lower: Float64Array.of(-5, -5), upper: Float64Array.of(0.5, 5) };
    const { x } = minimise(rosenbrock, Float64Array.of(-1.2, 1), box, { iterations: 200 });
    expect(x[0]).toBe(0.5);
    expect(x[1]).toBeCloseTo(0.25, 4);
  });

  it('meets the optimality conditions of any convex quadratic in a box', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer(), (n, seed) => {
        const [matrix, target] = [randomMatrix(n, seed), randomVector(n, seed)];
        const quadratic: Objective = (x, gradient) => {
          const offset = x.map((at, i) => at - 2 * target[i]!);
          for (const [i, row] of matrix.entries()) gradient[i] = product(row, offset);
          return 0.5 * product(gradient, offset);
        };
        const box = { lower: new Float64Array(n).fill(-1), upper: new Float64Array(n).fill(1) };
        const { x } = minimise(quadratic, new Float64Array(n), box, { iterations: 500 });
        const gradient = new Float64Array(n);
        quadratic(x, gradient);
        for (const [i, slope] of gradient.entries()) {
          const pushesOut = (x[i] === -1 && slope > 0) || (x[i] === 1 && slope < 0);
          expect(pushesOut ? 0 : Math.abs(slope)).toBeLessThan(1e-3 * n);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('passes over places where the function is not defined', () => {
    const logarithm: Objective = (x, gradient) => {
      gradient[0] = 1 - 0.1 / x[0]!;
      return x[0]! - 0.1 * Math.log(x[0]!);
    };
    const bounds = { lower: Float64Array.of(-10), upper: Float64Array.of(10) };
    expect(minimise(logarithm, Float64Array.of(3), bounds, { iterations: 100 }).x[0]).toBeCloseTo(0.1, 4);
  });
});
