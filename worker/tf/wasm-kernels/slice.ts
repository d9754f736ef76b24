/** Parts of a tensor. The shipped kernels copy the whole tensor out of the heap for each part. */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { KernelConfig, SliceAttrs, SplitVAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { addressOf, asKernelFunc, hasWords, type KernelCall, shippedKernel, wordBytes } from './backend-access.ts';
import type { KernelModule } from './kernel-module.ts';

export function slice(module: KernelModule): KernelConfig {
  const shipped = shippedKernel('Slice');

  function kernel({ backend, inputs: { x }, attrs }: KernelCall<'x', SliceAttrs>): TensorInfo {
    if (!hasWords(x)) return shipped(backend, { x }, attrs);
    const [begin, size] = tf.slice_util.parseSliceParams(x as tf.Tensor, attrs.begin, attrs.size);
    return copyPart(module, backend, x, begin as number[], size as number[]);
  }
  return { kernelName: tf.Slice, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

export function splitV(module: KernelModule): KernelConfig {
  const shipped = shippedKernel('SplitV');

  function kernel({ backend, inputs: { x }, attrs }: KernelCall<'x', SplitVAttrs>): TensorInfo | TensorInfo[] {
    if (!hasWords(x)) return shipped(backend, { x }, attrs);
    const axis = tf.util.parseAxisParam(attrs.axis, x.shape)[0]!;
    const extents = tf.backend_util.prepareSplitSize(x as tf.Tensor, attrs.numOrSizeSplits, axis);
    let first = 0;
    return extents.map((extent) => {
      const begin = x.shape.map((_, i) => (i === axis ? first : 0));
      first += extent;
      return copyPart(module, backend, x, begin, x.shape.with(axis, extent));
    });
  }
  return { kernelName: tf.SplitV, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

/** The elements from `begin` on, `size` of each axis. */
function copyPart(
  module: KernelModule,
  backend: BackendWasm,
  x: TensorInfo,
  begin: readonly number[],
  size: readonly number[],
): TensorInfo {
  const part = backend.makeOutput([...size], x.dtype);
  if (size.includes(0)) return part;
  const axes = mergeAxes(x.shape, begin, size);
  const pitches = tf.util.computeStrides([...axes.map(({ extent }) => extent), wordBytes]);
  const origin = axes.reduce((at, axis, i) => at + axis.begin * pitches[i]!, addressOf(backend, x));
  const rowBytes = axes.at(-1)!.size * wordBytes;
  const rows = axes.at(-2)?.size ?? 1;
  const blocks = axes
    .slice(0, -2)
    .reduce<readonly number[]>(
      (starts, axis, i) => starts.flatMap((at) => Array.from({ length: axis.size }, (_, k) => at + k * pitches[i]!)),
      [origin],
    );
  for (const [i, from] of blocks.entries()) {
    const to = addressOf(backend, part) + i * rows * rowBytes;
    module.copyRows(from, pitches[axes.length - 2] ?? 0, to, rowBytes, rows, rowBytes);
  }
  return part;
}

interface Axis {
  readonly extent: number;
  readonly begin: number;
  readonly size: number;
}

/** As few axes as say the same: one that is taken whole is part of the one before it. */
function mergeAxes(shape: readonly number[], begin: readonly number[], size: readonly number[]): readonly Axis[] {
  const axes: Axis[] = [{ extent: 1, begin: 0, size: 1 }];
  for (const [i, extent] of shape.entries()) {
    const before = axes.at(-1)!;
    if (size[i] !== extent) axes.push({ extent, begin: begin[i]!, size: size[i]! });
    else {
      axes[axes.length - 1] = {
        extent: before.extent * extent,
        begin: before.begin * extent,
        size: before.size * extent,
      };
    }
  }
  return axes;
}
