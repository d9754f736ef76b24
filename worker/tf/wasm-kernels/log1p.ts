/**
 * ln(1 + x). The shipped kernel adds first and so loses x below 6e-8 and three digits at 1e-4; the engine's own
 * `Math.log1p` keeps them all.
 */
import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { asKernelFunc, heapView, type KernelCall } from './backend-access.ts';

export function log1p(): KernelConfig {
  return { kernelName: tf.Log1p, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

function kernel({ backend, inputs }: KernelCall<'x', object>): TensorInfo {
  const result = backend.makeOutput([...inputs.x.shape], 'float32');
  const from = heapView(backend, inputs.x);
  const to = heapView(backend, result);
  for (let i = 0; i < to.length; i++) to[i] = Math.log1p(from[i]!);
  return result;
}
