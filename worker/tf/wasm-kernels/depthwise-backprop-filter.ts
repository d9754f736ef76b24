/**
 * Gradient of a depthwise convolution with respect to its filter, which tfjs's WASM backend lacks. With m of the
 * channel multiplier M:
 *
 *     dW[ky, kx, c, m] = sum over n, i, j of x[n, i s + ky d - top, j s + kx d - left, c] dy[n, i, j, c M + m]
 */

import type { DepthwiseConv2dNativeBackpropFilterAttrs, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { asKernelFunc, heapView, type KernelCall } from './backend-access.ts';
import { depthwiseInfo, eachTap } from './depthwise-taps.ts';

type Call = KernelCall<'x' | 'dy', DepthwiseConv2dNativeBackpropFilterAttrs>;

export function depthwiseBackpropFilter(): KernelConfig {
  return { kernelName: tf.DepthwiseConv2dNativeBackpropFilter, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

function kernel({ backend, inputs, attrs }: Call): TensorInfo {
  const info = depthwiseInfo(inputs.x.shape, attrs.filterShape, attrs);
  const result = backend.makeOutput([...attrs.filterShape], 'float32');
  const x = heapView(backend, inputs.x);
  const dy = heapView(backend, inputs.dy);
  const dw = heapView(backend, result).fill(0);
  const { inChannels, outChannels } = info;
  const multiplier = outChannels / inChannels;
  eachTap(info, (xAt, dyAt, wAt) => {
    for (let o = 0; o < outChannels; o++) dw[wAt + o]! += x[xAt + Math.floor(o / multiplier)]! * dy[dyAt + o]!;
  });
  return result;
}
