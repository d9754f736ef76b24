import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom } from '../../core/random.ts';

/** Gain of layers that a ReLU follows. @see He et al., "Delving Deep into Rectifiers", 2015, equation 10 */
export const reluGain = 2;

/** Gain of the last layer: that of PyTorch's `Linear`, so that the first outputs are close to uniform. */
export const headGain = 1 / 3;

/** Collects the parameters of a model under construction. */
export interface ParameterList {
  readonly names: readonly string[];
  readonly variables: readonly Variable[];
  /**
   * A weight drawn from the normal distribution with variance gain / fan-in; the fan-in is the product of all dimensions
   * but the last. The draw depends on the seed and the name alone.
   */
  weight<Kind extends Tensor>(name: string, shape: readonly number[], gain: number): Variable & Kind;
  /** Zeros. */
  bias(name: string, size: number): Variable;
}

export function createParameterList(seed: number): ParameterList {
  const random = createRandom(seed);
  const names: string[] = [];
  const variables: Variable[] = [];
  const add = <Kind extends Tensor>(name: string, shape: readonly number[], values: Float32Array) => {
    const initial = tf.tensor(values, [...shape]);
    const variable = tf.variable(initial);
    initial.dispose();
    names.push(name);
    variables.push(variable);
    return variable as Variable & Kind;
  };
  return {
    names,
    variables,
    weight: (name, shape, gain) => {
      const fanIn = shape.slice(0, -1).reduce((product, length) => product * length, 1);
      const draw = random.split(name);
      const deviation = Math.sqrt(gain / fanIn);
      const values = Float32Array.from({ length: fanIn * shape.at(-1)! }, () => deviation * draw.normal());
      return add(name, shape, values);
    },
    bias: (name, length) => add(name, [length], new Float32Array(length)),
  };
}
