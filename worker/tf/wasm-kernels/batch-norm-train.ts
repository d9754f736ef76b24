import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import {
  type BatchNormAttributes,
  BatchNormTrain,
  BatchNormTrainGrad,
  type BatchNormTrainGradInputs,
  type BatchNormTrainInputs,
} from '../training-kernels/kernels.ts';
import { addressOf, allocate, asKernelFunc, free, type KernelCall } from './backend-access.ts';
import type { KernelModule } from './kernel-module.ts';

/** Scratch per channel, in float32: two float64 sums and up to three factors. */
const scratchPerChannel = 7;

export function batchNormTrain(module: KernelModule): KernelConfig {
  function kernel(call: KernelCall<keyof BatchNormTrainInputs, BatchNormAttributes>): TensorInfo[] {
    const { backend, attrs } = call;
    const { x, scale, offset } = call.inputs;
    const channels = scale.shape[0]!;
    const rows = tf.util.sizeFromShape(x.shape) / channels;
    const at = (tensor: TensorInfo) => addressOf(backend, tensor);
    const y = allocate(backend, x.shape);
    const mean = allocate(backend, [channels]);
    const variance = allocate(backend, [channels]);
    const scratch = allocate(backend, [channels * scratchPerChannel]);
    module.batchNormForward(
      ...[at(x), rows, channels, at(scale), at(offset), attrs.epsilon],
      ...[at(y), at(mean), at(variance), at(scratch)],
    );
    free(backend, scratch);
    return [y, mean, variance];
  }
  return { kernelName: BatchNormTrain, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

export function batchNormTrainGrad(module: KernelModule): KernelConfig {
  function kernel(call: KernelCall<keyof BatchNormTrainGradInputs, BatchNormAttributes>): TensorInfo[] {
    const { backend, attrs } = call;
    const { dy, x, scale, mean, variance } = call.inputs;
    const channels = scale.shape[0]!;
    const rows = tf.util.sizeFromShape(x.shape) / channels;
    const at = (tensor: TensorInfo) => addressOf(backend, tensor);
    const dx = allocate(backend, x.shape);
    const dscale = allocate(backend, [channels]);
    const doffset = allocate(backend, [channels]);
    const scratch = allocate(backend, [channels * scratchPerChannel]);
    module.batchNormGradient(
      ...[at(dy), at(x), rows, channels, at(scale), at(mean), at(variance), attrs.epsilon],
      ...[at(dx), at(dscale), at(doffset), at(scratch)],
    );
    free(backend, scratch);
    return [dx, dscale, doffset];
  }
  return { kernelName: BatchNormTrainGrad, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}
