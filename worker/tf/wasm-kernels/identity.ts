/**
 * A second tensor of the same values. The shipped kernel copies them, for every tensor that a gradient keeps; ours shares
 * them, as other backends do: nothing writes to a tensor's values once they are there.
 */
import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { asKernelFunc, type KernelCall } from './backend-access.ts';

export function identity(): KernelConfig {
  return { kernelName: tf.Identity, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

function kernel({ backend, inputs: { x } }: KernelCall<'x', object>): TensorInfo {
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
}
