import * as tf from '@tensorflow/tfjs-core';
import { batchNormTrain, batchNormTrainGrad } from './batch-norm.ts';
import { convolutions } from './convolutions.ts';
import { momentumStep } from './momentum-step.ts';
import { reluGrad } from './relu-grad.ts';

/** Registers our kernels that call TensorFlow's operations, in place of tfjs-node's own where it has them. */
export function registerTfjsNodeKernels(): void {
  for (const kernel of [batchNormTrain(), batchNormTrainGrad(), ...convolutions(), momentumStep(), reluGrad()]) {
    if (tf.getKernel(kernel.kernelName, kernel.backendName)) {
      tf.unregisterKernel(kernel.kernelName, kernel.backendName);
    }
    tf.registerKernel(kernel);
  }
}
