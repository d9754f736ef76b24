/** Gradients of what moves, cuts, joins and repeats elements. */
import type { GradConfig, Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { gradient, noGradient } from './gradient.ts';

/** The gradients of a kernel whose inputs are a list are listed the same way. */
function listed(tensors: readonly Tensor[]): Record<string, () => Tensor> {
  return Object.fromEntries(tensors.map((tensor, i) => [i, () => tensor]));
}

const concat: GradConfig = {
  kernelName: tf.Concat,
  saveAllInputs: true,
  gradFunc: (dy, inputs, attrs) => {
    const axis = tf.util.parseAxisParam(attrs.axis as number, inputs[0]!.shape)[0]!;
    const sizes = inputs.map(({ shape }) => shape[axis]!);
    return listed(tf.split(dy as Tensor, sizes, axis));
  },
};

const pack: GradConfig = {
  kernelName: tf.Pack,
  saveAllInputs: true,
  gradFunc: (dy, _, attrs) => listed(tf.unstack(dy as Tensor, attrs.axis as number)),
};

const unpack: GradConfig = {
  kernelName: tf.Unpack,
  gradFunc: (dy, _, attrs) => ({ value: () => tf.stack(dy as Tensor[], attrs.axis as number) }),
};

const split: GradConfig = {
  kernelName: tf.SplitV,
  gradFunc: (dy, _, attrs) => ({ x: () => tf.concat(dy as Tensor[], attrs.axis as number) }),
};

const slice = gradient<{ readonly begin: number[]; readonly size: number[] }>(
  tf.Slice,
  { inputs: ['x'] },
  (dy, [x], { begin, size }) => ({
    x: () => {
      const [from, extent] = tf.slice_util.parseSliceParams(x!, begin, size) as [number[], number[]];
      const around = from.map((at, axis): [number, number] => [at, x!.shape[axis]! - at - extent[axis]!]);
      return tf.pad(dy, around);
    },
  }),
);

const pad = gradient<{ readonly paddings: readonly (readonly [number, number])[] }>(
  tf.PadV2,
  { inputs: ['x'] },
  (dy, [x], { paddings }) => ({
    x: () =>
      tf.slice(
        dy,
        paddings.map(([before]) => before),
        x!.shape,
      ),
  }),
);

/** dy has each axis r times side by side: as axes [r, extent] the repetitions can be summed. */
const tile = gradient<{ readonly reps: readonly number[] }>(tf.Tile, { inputs: ['x'] }, (dy, [x], { reps }) => ({
  x: () => {
    const shape: number[] = [];
    const repeated: number[] = [];
    for (const [axis, extent] of x!.shape.entries()) {
      if (reps[axis]! > 1) repeated.push(shape.push(reps[axis]!) - 1);
      shape.push(extent);
    }
    return tf.sum(tf.reshape(dy, shape), repeated);
  },
}));

/** Each row of x gets the sum of the gradients of the places that it was gathered to. */
const gather = gradient<{ readonly axis: number; readonly batchDims?: number }>(
  tf.GatherV2,
  { inputs: ['x', 'indices'] },
  (dy, [x, indices], { axis: given, batchDims }) => ({
    x: () => {
      if (batchDims) throw new Error(`Cannot differentiate gather with batchDims ${batchDims}, expected 0`);
      const axis = tf.util.parseAxisParam(given, x!.shape)[0]!;
      const [outer, inner] = [x!.shape.slice(0, axis), x!.shape.slice(axis + 1)];
      const values = tf.reshape(dy, [...outer, indices!.size, ...inner]);
      const toFront = [axis, ...outer.map((_, i) => i), ...inner.map((_, i) => axis + 1 + i)];
      const ids = tf.reshape(indices!, [indices!.size]) as tf.Tensor1D;
      const sums = tf.unsortedSegmentSum(tf.transpose(values, toFront), ids, x!.shape[axis]!);
      return tf.transpose(
        sums,
        toFront.map((_, i) => toFront.indexOf(i)),
      );
    },
    indices: () => noGradient(indices!),
  }),
);

export const layoutGradients: readonly GradConfig[] = [
  gradient(tf.Reshape, { inputs: ['x'] }, (dy, [x]) => ({ x: () => tf.reshape(dy, x!.shape) })),
  gradient(tf.ExpandDims, { inputs: ['input'] }, (dy, [x]) => ({ input: () => tf.reshape(dy, x!.shape) })),
  gradient<{ readonly perm: readonly number[] }>(tf.Transpose, {}, (dy, _, { perm }) => ({
    x: () =>
      tf.transpose(
        dy,
        perm.map((__, i) => perm.indexOf(i)),
      ),
  })),
  gradient(tf.OneHot, { inputs: ['indices'] }, (_, [indices]) => ({ indices: () => noGradient(indices!) })),
  concat,
  pack,
  unpack,
  split,
  slice,
  pad,
  tile,
  gather,
];
