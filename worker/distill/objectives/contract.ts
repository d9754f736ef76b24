import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core';
import type { DistillingKind, ResolvedOf } from '../../../core/objective.ts';
import type { RowLoss } from '../row-loss.ts';

/** What an objective sees of a batch. */
export interface DistillationBatch {
  /** `[batch, classes]` float32; a constant. */
  readonly teacherLogits: Tensor2D;
  /** `[batch, classes]` float32. */
  readonly studentLogits: Tensor2D;
  /** Classes, `[batch]` int32. */
  readonly labels: Tensor1D;
  /** From 1. */
  readonly epoch: number;
}

/**
 * The divergence of an objective for each sample, before the weights and the scale that every objective has, with the
 * gradient with respect to the student's logits. Its mean over the batch is what is trained on. Leaves its intermediate
 * tensors to the caller's tidy scope.
 */
export type Divergence<Kind extends DistillingKind> = (
  objective: ResolvedOf<Kind>,
  batch: DistillationBatch,
) => RowLoss;
