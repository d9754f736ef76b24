/**
 * Sums rows by segment, the gradient of a gather, which tfjs's WASM backend lacks: with segmentIds [rows],
 *
 *     y[s, ..] = sum of x[r, ..] over the r with segmentIds[r] = s
 *
 * Rows whose id is negative or not below numSegments are left out, as on the cpu backend.
 */

import type { KernelConfig, TensorInfo, TypedArray, UnsortedSegmentSumAttrs } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { asKernelFunc, type KernelCall } from './backend-access.ts';

export function unsortedSegmentSum(): KernelConfig {
  function kernel(call: KernelCall<'x' | 'segmentIds', UnsortedSegmentSumAttrs>): TensorInfo {
    const { backend, inputs, attrs } = call;
    const { x, segmentIds } = inputs;
    const rowShape = x.shape.slice(segmentIds.shape.length);
    const result = backend.makeOutput([attrs.numSegments, ...rowShape], x.dtype);
    const ids = backend.typedArrayFromHeap(segmentIds);
    const sums = backend.typedArrayFromHeap(result).fill(0);
    addRows(backend.typedArrayFromHeap(x), ids, sums, attrs.numSegments, tf.util.sizeFromShape(rowShape));
    return result;
  }
  return { kernelName: tf.UnsortedSegmentSum, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

function addRows(from: TypedArray, ids: TypedArray, to: TypedArray, segments: number, width: number): void {
  for (let row = 0; row < ids.length; row++) {
    const segment = ids[row]!;
    if (segment < 0 || segment >= segments) continue;
    for (let i = 0; i < width; i++) to[segment * width + i]! += from[row * width + i]!;
  }
}
