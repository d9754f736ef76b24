import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import { ReluGrad, type ReluGradInputs } from '../training-kernels/kernels.ts';
import { asKernelFunc, attributes, type KernelCall } from './backend-access.ts';

/** TensorFlow's `ReluGrad`, where tfjs makes a mask of 0 and 1 out of five operations. */
export function reluGrad(): KernelConfig {
  function kernel({ backend, inputs }: KernelCall<ReluGradInputs<TensorInfo>, object>): TensorInfo {
    return backend.executeSingleOutput('ReluGrad', attributes(backend, { T: { type: 'float32' } }), [
      inputs.dy,
      inputs.y,
    ]);
  }
  return { kernelName: ReluGrad, backendName: 'tensorflow', kernelFunc: asKernelFunc(kernel) };
}
