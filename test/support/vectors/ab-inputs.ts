import type { AbInput } from './exact.ts';

/** Every region of the plane: general, beta = 0, alpha = 0, alpha + beta = 0, both 0, and close to each of the lines. */
export const planePoints: readonly (readonly [alpha: number, beta: number])[] = [
  [1, 0],
  [0, 1],
  [0.5, 0.5],
  [1, 1],
  [0.25, 0.75],
  [0.6, 0.5],
  [0.2, 0.7],
  [0.5, 0],
  [0, 0.7],
  [0.6, -0.6],
  [-0.6, 0.6],
  [0, 0],
  [2, -1],
  [-1, 2],
  [-0.3, -0.4],
  [1.2, -0.1],
  [1, 1e-3],
  [1e-5, 0.8],
  [0.5, -0.5 + 1e-6],
  [1e-4, 2e-4],
];

const pairs: readonly (readonly [teacher: readonly number[], student: readonly number[]])[] = [
  [
    [2, 1, 0.1, -1],
    [0.5, 0.2, 0, -0.3],
  ],
  [
    [8, -2, 1, 0, -3],
    [-1, 4, 0.5, 2, 0],
  ],
  [
    [0.3, 0.1, -0.2],
    [0.31, 0.08, -0.15],
  ],
];

const temperatures = [1, 4] as const;

/** 120 inputs. */
export const abInputs: readonly AbInput[] = planePoints.flatMap(([alpha, beta]) =>
  pairs.flatMap(([teacherLogits, studentLogits]) =>
    temperatures.map((temperature) => ({ teacherLogits, studentLogits, alpha, beta, temperature })),
  ),
);
