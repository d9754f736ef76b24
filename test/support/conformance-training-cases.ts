/** The kernels of `worker/tf/training-kernels`, which every backend has. */
import type { Tensor } from '@tensorflow/tfjs-core';
import { batchNormTrain, momentumStep, reluGrad } from '../../worker/tf/training-kernels/kernels.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { type Array64, batchMoments, batchNorm } from './float64-reference.ts';

const epsilon = 1e-5;

function normalise(x?: Tensor, scale?: Tensor, offset?: Tensor): readonly Tensor[] {
  return batchNormTrain({ x: x!, scale: scale!, offset: offset! }, { epsilon });
}

/** Channels: a multiple of the four lanes of a SIMD register, and not; fewer values than lanes; a mean far from zero. */
const normalisations = [
  { shape: [3, 4, 4, 5] },
  { shape: [2, 3, 3, 16] },
  { shape: [5, 1, 1, 3] },
  { shape: [4, 3, 3, 8], range: [20, 22] },
].flatMap(({ shape, range = [-1, 1] }): readonly ConformanceCase[] => {
  const channels = shape.at(-1)!;
  const common = { shapes: [shape, [channels], [channels]], range: range as [number, number] };
  const title = `batchNormTrain of ${shape.join(' x ')} in ${range.join(' to ')}`;
  return [
    {
      ...common,
      title,
      compute: (...inputs) => normalise(...inputs)[0]!,
      reference: (x, scale, offset) => batchNorm(x!, scale!, offset!, epsilon),
    },
    ...(['mean', 'variance'] as const).map((moment, i) => ({
      ...common,
      title: `${title}: ${moment}`,
      compute: (...inputs: readonly Tensor[]) => normalise(...inputs)[1 + i]!,
      reference: (x?: Array64) => batchMoments(x!)[moment],
      hasGradient: false,
    })),
  ];
});

/** Elements: four lanes and a rest. */
const steps = [0, 0.05].flatMap((weightDecay) =>
  (['parameter', 'velocity'] as const).map(
    (output, i): ConformanceCase => ({
      title: `momentumStep with weight decay ${weightDecay}: ${output}`,
      shapes: [
        [3, 7],
        [3, 7],
        [3, 7],
      ],
      compute: (parameter, gradient, velocity) =>
        momentumStep(
          { parameter: parameter!, gradient: gradient!, velocity: velocity! },
          { lr: 0.3, momentum: 0.9, weightDecay },
        )[i]!,
      reference: (parameter, gradient, velocity) => {
        const moved = zip((w, g, v) => 0.9 * v! + g! + weightDecay * w!, parameter!, gradient!, velocity!);
        return i === 1 ? moved : zip((w, v) => w! - 0.3 * v!, parameter!, moved);
      },
      hasGradient: false,
    }),
  ),
);

function zip(f: (...values: readonly number[]) => number, ...arrays: readonly Array64[]): Array64 {
  const { shape, values } = arrays[0]!;
  return { shape, values: values.map((_, i) => f(...arrays.map((array) => array.values[i]!))) };
}

export const trainingCases: readonly ConformanceCase[] = [
  ...normalisations,
  {
    title: 'reluGrad',
    shapes: [
      [3, 7],
      [3, 7],
    ],
    compute: (dy, y) => reluGrad({ dy: dy!, y: y! }),
    reference: (dy, y) => zip((slope, value) => (value! > 0 ? slope! : 0), dy!, y!),
    hasGradient: false,
  },
  ...steps,
];
