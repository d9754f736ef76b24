import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { MomentumStep, type MomentumStepAttributes, type MomentumStepInputs } from '../training-kernels/kernels.ts';
import { addressOf, allocate, asKernelFunc, type KernelCall } from './backend-access.ts';
import type { KernelModule } from './kernel-module.ts';

export function momentumStep(module: KernelModule): KernelConfig {
  function kernel(call: KernelCall<keyof MomentumStepInputs, MomentumStepAttributes>): TensorInfo[] {
    const { backend, attrs } = call;
    const { parameter, gradient, velocity } = call.inputs;
    const at = (tensor: TensorInfo) => addressOf(backend, tensor);
    const moved = allocate(backend, parameter.shape);
    const velocityAfter = allocate(backend, parameter.shape);
    module.momentumStep(
      ...[at(parameter), at(gradient), at(velocity), tf.util.sizeFromShape(parameter.shape)],
      ...[attrs.lr, attrs.momentum, attrs.weightDecay, at(moved), at(velocityAfter)],
    );
    return [moved, velocityAfter];
  }
  return { kernelName: MomentumStep, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}
