/** Batch normalisation in training and its gradient, by TensorFlow's `FusedBatchNormV3` and `FusedBatchNormGradV3`. */
import type { KernelConfig, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import {
  type BatchNormAttributes,
  BatchNormTrain,
  BatchNormTrainGrad,
  type BatchNormTrainGradInputs,
  type BatchNormTrainInputs,
} from '../training-kernels/kernels.ts';
import { asKernelFunc, attributes, type KernelCall, type TfjsNodeBackend } from './backend-access.ts';

export function batchNormTrain(): KernelConfig {
  function kernel(call: KernelCall<BatchNormTrainInputs<TensorInfo>, BatchNormAttributes>): TensorInfo[] {
    const { x, scale, offset } = call.inputs;
    const none = tf.tensor1d([]);
    const inputs = [x, scale, offset, none, none];
    const outputs = call.backend.executeMultipleOutputs('FusedBatchNormV3', opAttributes(call), inputs, 6) as Tensor[];
    const [y, mean, unbiased] = outputs as [Tensor, Tensor, Tensor];
    const count = y.size / mean.size;
    // TensorFlow gives the variance over n - 1; what it normalised by, over n, has another form on a GPU.
    const variance = tf.mul(unbiased, (count - 1) / count);
    tf.dispose([none, unbiased, ...outputs.slice(3)]);
    return [y, mean, variance];
  }
  return { kernelName: BatchNormTrain, backendName: 'tensorflow', kernelFunc: asKernelFunc(kernel) };
}

export function batchNormTrainGrad(): KernelConfig {
  function kernel(call: KernelCall<BatchNormTrainGradInputs<TensorInfo>, BatchNormAttributes>): TensorInfo[] {
    const { dy, x, scale, mean, variance } = call.inputs;
    const { backend, attrs } = call;
    const none = tf.tensor1d([]);
    const spread = backend.isUsingGpuDevice ? inverseDeviation(variance as Tensor, attrs.epsilon) : variance;
    const inputs = [dy, x, scale, mean, spread, none];
    const outputs = backend.executeMultipleOutputs('FusedBatchNormGradV3', opAttributes(call), inputs, 5) as Tensor[];
    tf.dispose([none, ...outputs.slice(3)]);
    if (backend.isUsingGpuDevice) tf.dispose(spread as Tensor);
    return outputs.slice(0, 3);
  }
  return { kernelName: BatchNormTrainGrad, backendName: 'tensorflow', kernelFunc: asKernelFunc(kernel) };
}

/** cuDNN keeps 1 / sqrt(variance + epsilon) where the processor's kernel keeps the variance. */
function inverseDeviation(variance: Tensor, epsilon: number): Tensor {
  return tf.tidy(() => tf.rsqrt(tf.add(variance, epsilon)));
}

function opAttributes({ backend, attrs }: { backend: TfjsNodeBackend; attrs: BatchNormAttributes }) {
  return attributes(backend, {
    T: { type: 'float32' },
    U: { type: 'float32' },
    epsilon: { float: attrs.epsilon },
    data_format: { text: 'NHWC' },
    is_training: { flag: true },
  });
}
