import type { Scalar, Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { isDistilling, type ResolvedDefinition } from '../../core/objective.ts';
import { crossEntropy } from './objectives/ce.ts';
import type { DistillationBatch } from './objectives/contract.ts';
import { divergenceRows } from './objectives/registry.ts';
import { differentiable } from './row-loss.ts';

/** Loss of a batch, each the mean over its samples. */
export interface LossTerms {
  readonly loss: Scalar;
  /** The divergence before weight and scale; null where the objective has none. */
  readonly divergence: Scalar | null;
}

export interface ObjectiveInput extends Omit<DistillationBatch, 'teacherLogits'> {
  /** `[batch, classes]`; null where the student learns alone. */
  readonly teacherLogits: Tensor2D | null;
}

/** An objective whose every number is known. */
export interface ResolvedObjective {
  readonly definition: ResolvedDefinition;
  /** c of `scale: gradNormalised`, see `scaleFactor`; 1 where the objective is raw or has no scale. */
  readonly scaleFactor: number;
}

/** Cross-entropy with the labels alone. */
export const labelsOnly: ResolvedObjective = { definition: { kind: 'ce' }, scaleFactor: 1 };

/**
 * ceWeight CE + weight c D, with D the mean of the objective's divergence over the batch; CE alone for `ce`.
 * Differentiable once with respect to the student's logits. Called inside a tidy scope.
 */
export function objectiveLoss(objective: ResolvedObjective, input: ObjectiveInput): LossTerms {
  const { definition, scaleFactor } = objective;
  const { teacherLogits, studentLogits } = input;
  const labelled = crossEntropy(input.labels, studentLogits);
  if (!isDistilling(definition) || teacherLogits === null) return { loss: labelled, divergence: null };
  const perSample: Tensor1D = differentiable(studentLogits, (logits) =>
    divergenceRows(definition, { ...input, teacherLogits, studentLogits: logits }),
  );
  const divergence: Scalar = tf.mean(perSample);
  const { weight, ceWeight } = definition;
  return { loss: tf.add(tf.mul(labelled, ceWeight), tf.mul(divergence, weight * scaleFactor)), divergence };
}
