/**
 * Gradient of a depthwise convolution with respect to its input, which tfjs's WASM backend lacks. With m of the
 * channel multiplier M:
 *
 *     dx[n, i s + ky d - top, j s + kx d - left, c] += sum over m of dy[n, i, j, c M + m] W[ky, kx, c, m]
 */

import type { DepthwiseConv2dNativeBackpropInputAttrs, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { asKernelFunc, heapView, type KernelCall } from './backend-access.ts';
import { depthwiseInfo, eachTap } from './depthwise-taps.ts';

type Call = KernelCall<'dy' | 'filter', DepthwiseConv2dNativeBackpropInputAttrs>;

export function depthwiseBackpropInput(): KernelConfig {
  return { kernelName: tf.DepthwiseConv2dNativeBackpropInput, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

function kernel({ backend, inputs, attrs }: Call): TensorInfo {
  const info = depthwiseInfo(attrs.inputShape, inputs.filter.shape, attrs);
  const result = backend.makeOutput([...attrs.inputShape], 'float32');
  const dy = heapView(backend, inputs.dy);
  const w = heapView(backend, inputs.filter);
  const dx = heapView(backend, result).fill(0);
  const { inChannels, outChannels } = info;
  const multiplier = outChannels / inChannels;
  eachTap(info, (xAt, dyAt, wAt) => {
    for (let o = 0; o < outChannels; o++) dx[xAt + Math.floor(o / multiplier)]! += dy[dyAt + o]! * w[wAt + o]!;
  });
  return result;
}
