import * as tf from '@tensorflow/tfjs-core';
import type { ResolvedOf } from '../../../core/objective.ts';
import { abRows } from '../divergence.ts';
import type { RowLoss } from '../row-loss.ts';
import type { DistillationBatch } from './contract.ts';

/**
 * D_AB of the transformed teacher and the student at temperature 1. See `ttm.ts` and `abttm.ts`. p^gamma, normalised, is
 * the softmax of gamma z: no power is ever evaluated. Leaves its intermediate tensors to the caller's tidy scope.
 */
export function transformedRows(
  { gamma, alpha, beta }: Pick<ResolvedOf<'abttm'>, 'gamma' | 'alpha' | 'beta'>,
  { teacherLogits, studentLogits }: DistillationBatch,
): RowLoss {
  return abRows({ teacherLogits: tf.mul(teacherLogits, gamma), studentLogits, temperature: 1, alpha, beta });
}
