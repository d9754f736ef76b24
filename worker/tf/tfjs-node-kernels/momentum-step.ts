import type { KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { MomentumStep, type MomentumStepAttributes, type MomentumStepInputs } from '../training-kernels/kernels.ts';
import { asKernelFunc, attributes, type KernelCall } from './backend-access.ts';

/**
 * Five of TensorFlow's operations, called directly: most parameters are small, and tfjs's own way to an operation takes
 * longer than the operation. TensorFlow's `ResourceApplyMomentum` works in place, which tfjs's tensors do not allow.
 */
export function momentumStep(): KernelConfig {
  function kernel(call: KernelCall<MomentumStepInputs<TensorInfo>, MomentumStepAttributes>): TensorInfo[] {
    const { parameter, gradient, velocity } = call.inputs;
    const float = attributes(call.backend, { T: { type: 'float32' } });
    const ofThree = attributes(call.backend, { T: { type: 'float32' }, N: { int: 3 } });
    const run = (op: string, ...inputs: TensorInfo[]) =>
      call.backend.executeSingleOutput(op, op === 'AddN' ? ofThree : float, inputs);
    const { lr, momentum, weightDecay } = call.attrs;
    const factors = [tf.scalar(momentum), tf.scalar(weightDecay), tf.scalar(lr)] as const;
    const kept = run('Mul', velocity, factors[0]);
    const decay = run('Mul', parameter, factors[1]);
    const moved = run('AddN', kept, gradient, decay);
    const change = run('Mul', moved, factors[2]);
    const result = run('Sub', parameter, change);
    tf.dispose([...factors, kept, decay, change] as tf.Tensor[]);
    return [result, moved];
  }
  return { kernelName: MomentumStep, backendName: 'tensorflow', kernelFunc: asKernelFunc(kernel) };
}
