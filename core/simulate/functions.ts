/** Functions that optimisers are compared on, turned upside down so that greater is better. */
import type { AxisRange } from '../space/axis.ts';
import type { TestProblem } from './problem.ts';

type Params = Readonly<Record<string, number>>;

/** 1 % of the optimum counts as found. */
const share = 0.01;

function minimised(options: {
  readonly name: string;
  readonly ranges: readonly (readonly [number, number])[];
  readonly minimum: number;
  readonly tolerance?: number;
  readonly value: (...x: readonly number[]) => number;
}): TestProblem {
  const { name, ranges, minimum, value } = options;
  const names = ranges.map((_, i) => `x${i + 1}`);
  const axes = Object.fromEntries(ranges.map(([min, max], i): [string, AxisRange] => [names[i]!, { min, max }]));
  return {
    name,
    axes,
    optimum: -minimum,
    tolerance: options.tolerance ?? share * Math.abs(minimum),
    value: (params: Params) => -value(...names.map((axis) => params[axis]!)),
  };
}

/** @see Branin, "Widely convergent method for finding multiple solutions of simultaneous nonlinear equations", 1972 */
export const branin = minimised({
  name: 'branin',
  ranges: [
    [-5, 10],
    [0, 15],
  ],
  minimum: 0.39788735772973816,
  value: (x = 0, y = 0) => {
    const bend = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6;
    return bend * bend + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
  },
});

const hartmannHeights = [1, 1.2, 3, 3.2];
const hartmannScales = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const hartmannCentres = [
  [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
  [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
  [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
  [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
];

/**
 * A second basin of about -3.20 is where searches end that do not look on.
 * @see Hartman, "Some experiments in global optimization", 1973
 */
export const hartmann6 = minimised({
  name: 'hartmann6',
  ranges: Array.from({ length: 6 }, () => [0, 1] as const),
  minimum: -3.3223680114155147,
  value: (...x) =>
    -hartmannHeights.reduce((sum, height, i) => {
      const squared = x.reduce((d, at, j) => d + hartmannScales[i]![j]! * (at - hartmannCentres[i]![j]!) ** 2, 0);
      return sum + height * Math.exp(-squared);
    }, 0),
});

/** @see Ackley, "A connectionist machine for genetic hillclimbing", 1987 */
export const ackley2 = minimised({
  name: 'ackley2',
  ranges: [
    [-32.768, 32.768],
    [-32.768, 32.768],
  ],
  minimum: 0,
  tolerance: 0.1,
  value: (x = 0, y = 0) =>
    -20 * Math.exp(-0.2 * Math.sqrt((x * x + y * y) / 2)) -
    Math.exp((Math.cos(2 * Math.PI * x) + Math.cos(2 * Math.PI * y)) / 2) +
    20 +
    Math.E,
});

/** @see Dixon and Szegö, "Towards global optimisation 2", 1978 */
export const sixHumpCamel = minimised({
  name: 'sixHumpCamel',
  ranges: [
    [-3, 3],
    [-2, 2],
  ],
  minimum: -1.0316284534898774,
  value: (x = 0, y = 0) => (4 - 2.1 * x * x + x ** 4 / 3) * x * x + x * y + (-4 + 4 * y * y) * y * y,
});
