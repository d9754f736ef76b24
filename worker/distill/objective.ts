import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { ObjectiveDefinition } from '../../core/task.ts';
import { crossEntropy } from './cross-entropy.ts';
import { abDivergence } from './divergence.ts';

/** Loss of a batch, each the mean over its samples. */
export interface LossTerms {
  readonly loss: Scalar;
  /** The divergence before weight and scale; null where the objective has none. */
  readonly divergence: Scalar | null;
}

export interface ObjectiveInput {
  /** `[batch, classes]`; null where the student learns alone. */
  readonly teacherLogits: Tensor2D | null;
  readonly studentLogits: Tensor2D;
  /** `[batch]` int32. */
  readonly labels: Tensor1D;
}

/** An objective whose every number is known. */
export interface ResolvedObjective extends Omit<ObjectiveDefinition, 'alpha' | 'beta'> {
  readonly alpha: number;
  readonly beta: number;
  /** c(alpha, beta, T); 1 where `scale` is raw. */
  readonly scaleFactor: number;
}

/**
 * ceWeight CE + weight c D. `abkd` takes D as it is, without a factor T^2; `kd` is the classic T^2 KL(teacher ||
 * student); `ce` has no divergence.
 */
export function objectiveLoss(objective: ResolvedObjective, input: ObjectiveInput): LossTerms {
  const divergence = meanDivergence(objective, input);
  const labelled: Scalar = tf.mul(crossEntropy(input.labels, input.studentLogits), objective.ceWeight);
  if (divergence === null) return { loss: labelled, divergence };
  return { loss: tf.add(labelled, tf.mul(divergence, objective.weight * objective.scaleFactor)), divergence };
}

function meanDivergence(objective: ResolvedObjective, { teacherLogits, studentLogits }: ObjectiveInput): Scalar | null {
  if (objective.kind === 'ce' || teacherLogits === null) return null;
  const { temperature, alpha, beta, compat } = objective;
  const logits = { teacherLogits, studentLogits, temperature };
  if (objective.kind === 'abkd') return tf.mean(abDivergence({ ...logits, alpha, beta, compat }));
  return tf.mul(tf.mean(abDivergence({ ...logits, alpha: 1, beta: 0, compat: 'exact' })), temperature ** 2);
}
