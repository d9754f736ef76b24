import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { ReluGrad, type ReluGradInputs } from '../training-kernels/kernels.ts';
import { addressOf, allocate, asKernelFunc, type KernelCall } from './backend-access.ts';
import type { KernelModule } from './kernel-module.ts';

export function reluGrad(module: KernelModule): KernelConfig {
  function kernel({ backend, inputs }: KernelCall<keyof ReluGradInputs, object>): TensorInfo {
    const { dy, y } = inputs;
    const dx = allocate(backend, y.shape);
    const length = tf.util.sizeFromShape(y.shape);
    module.reluGradient(addressOf(backend, dy), addressOf(backend, y), addressOf(backend, dx), length);
    return dx;
  }
  return { kernelName: ReluGrad, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}
