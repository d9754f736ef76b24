import * as tf from '@tensorflow/tfjs-core';
import { batchMatMul } from './batch-mat-mul.ts';
import { batchNormTrain, batchNormTrainGrad } from './batch-norm-train.ts';
import { conv2d, fusedConv2d } from './conv2d.ts';
import { conv2dBackpropFilter } from './conv2d-backprop-filter.ts';
import { conv2dBackpropInput } from './conv2d-backprop-input.ts';
import { depthwiseBackpropFilter } from './depthwise-backprop-filter.ts';
import { depthwiseBackpropInput } from './depthwise-backprop-input.ts';
import { identity } from './identity.ts';
import type { KernelModule } from './kernel-module.ts';
import { log1p } from './log1p.ts';
import { maxPoolGrad } from './max-pool-grad.ts';
import { momentumStep } from './momentum-step.ts';
import { reluGrad } from './relu-grad.ts';
import { sum } from './sum.ts';
import { unsortedSegmentSum } from './unsorted-segment-sum.ts';

/**
 * Registers the kernels that training needs and tfjs's WASM backend lacks, and ours in place of those that are slow.
 * Call once, after `tf.setBackend('wasm')`: that binds the shipped kernels that ours call.
 */
export function registerWasmKernels(module: KernelModule): void {
  // All are built before the first replaces a shipped kernel that another one builds upon.
  const kernels = [
    batchMatMul(),
    batchNormTrain(module),
    batchNormTrainGrad(module),
    conv2d(module),
    conv2dBackpropFilter(module),
    conv2dBackpropInput(module),
    depthwiseBackpropFilter(),
    depthwiseBackpropInput(),
    fusedConv2d(module),
    identity(),
    log1p(),
    maxPoolGrad(),
    momentumStep(module),
    reluGrad(module),
    sum(),
    unsortedSegmentSum(),
  ];
  for (const kernel of kernels) {
    if (tf.getKernel(kernel.kernelName, 'wasm')) tf.unregisterKernel(kernel.kernelName, 'wasm');
    tf.registerKernel(kernel);
  }
}
