import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Optimizer } from './optimizer.ts';

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/** The running means of a parameter's gradient and of its square. */
interface Moments {
  readonly first: Variable;
  readonly second: Variable;
}

/** What one step does to every parameter; float64 numbers of the host. */
interface StepFactors {
  /** 1 - learningRate weightDecay. */
  readonly decay: number;
  /** learningRate / (1 - beta1^t). */
  readonly stepSize: number;
  /** sqrt(1 - beta2^t). */
  readonly secondScale: number;
}

/**
 * AdamW as PyTorch's `torch.optim.AdamW` with its defaults for betas and epsilon. At step t, from 1:
 * w *= 1 - lr weightDecay; m += (1 - beta1) (g - m); v = beta2 v + (1 - beta2) g²;
 * w -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon).
 *
 * @see Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, algorithm 2
 */
export function createAdamW(
  parameters: readonly Variable[],
  { weightDecay }: { readonly weightDecay: number },
): Optimizer {
  const zeros = (parameter: Variable) => tf.tidy(() => tf.variable(tf.zerosLike(parameter), false));
  const moments = parameters.map((parameter): Moments => ({ first: zeros(parameter), second: zeros(parameter) }));
  // Made on the host and never given to a kernel, it can be read at once on every backend.
  const steps = tf.tidy(() => tf.variable(tf.scalar(0, 'int32'), false));
  const state = new Map([
    ['steps', steps],
    ...moments.flatMap(({ first, second }, index): [string, Variable][] => [
      [`firstMoment.${index}`, first],
      [`secondMoment.${index}`, second],
    ]),
  ]);
  return {
    state,
    step: (gradients, learningRate) =>
      tf.tidy(() => {
        const t = steps.dataSync()[0]! + 1;
        steps.assign(tf.scalar(t, 'int32'));
        const factors = {
          decay: 1 - learningRate * weightDecay,
          stepSize: learningRate / (1 - beta1 ** t),
          secondScale: Math.sqrt(1 - beta2 ** t),
        };
        for (const [index, parameter] of parameters.entries()) {
          move(parameter, gradients[parameter.name]!, moments[index]!, factors);
        }
      }),
    dispose: () => tf.dispose([...state.values()]),
  };
}

function move(
  parameter: Variable,
  gradient: Tensor,
  { first, second }: Moments,
  { decay, stepSize, secondScale }: StepFactors,
): void {
  first.assign(tf.add(first, tf.mul(tf.sub(gradient, first), 1 - beta1)));
  second.assign(tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2)));
  const denominator = tf.add(tf.div(tf.sqrt(second), secondScale), epsilon);
  const decayed = tf.mul(parameter, decay);
  parameter.assign(tf.sub(decayed, tf.mul(tf.div(first, denominator), stepSize)));
}
