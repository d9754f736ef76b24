import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { ResolvedOf } from '../../../core/objective.ts';
import { abRows } from '../divergence.ts';
import { addRows, type RowLoss, scaleRows } from '../row-loss.ts';
import type { DistillationBatch } from './contract.ts';

/** Stands for minus infinity: at any temperature up to 1000 far below every logit, its softmax exactly 0. */
const absent = -1e9;

/**
 * T^2 (dkdAlpha TCKD + dkdBeta NCKD), warmed up, with the AB divergence as NCKD. See `dkd.ts` and `abdkd.ts`.
 * Leaves its intermediate tensors to the caller's tidy scope.
 */
export function decoupledRows(
  objective: Omit<ResolvedOf<'abdkd'>, 'kind'>,
  { teacherLogits, studentLogits, labels, epoch }: DistillationBatch,
): RowLoss {
  const { temperature, dkdAlpha, dkdBeta, alpha, beta } = objective;
  const target = tf.oneHot(labels, studentLogits.shape[1]) as Tensor2D;
  const teacher = decouple(teacherLogits, target, temperature);
  const student = decouple(studentLogits, target, temperature);
  const binary = abRows({
    ...{ teacherLogits: teacher.binary, studentLogits: student.binary },
    ...{ temperature: 1, alpha: 1, beta: 0 },
  });
  const others = abRows({ teacherLogits: teacher.others, studentLogits: student.others, temperature, alpha, beta });
  const strength = temperature ** 2 * warmup(objective.warmupEpochs, epoch);
  return addRows(
    scaleRows(throughDecoupling(binary, student, target, temperature), strength * dkdAlpha),
    // The target is absent on both sides and gets no gradient.
    scaleRows(others, strength * dkdBeta),
  );
}

/** Share of its full weight that the divergence has in an epoch, from 1: linear up to `epochs`. */
function warmup(epochs: number, epoch: number): number {
  return epochs === 0 ? 1 : Math.min(epoch / epochs, 1);
}

interface Decoupled {
  /** z_y / T and the logarithm of the sum of the exponentials of the others, `[batch, 2]`: logits of target and rest. */
  readonly binary: Tensor2D;
  /** The logits with the target's absent, `[batch, classes]`. */
  readonly others: Tensor2D;
  /** Softmax over the others at T, `[batch, classes]`, 0 at the target. */
  readonly amongOthers: Tensor2D;
}

function decouple(logits: Tensor2D, target: Tensor2D, temperature: number): Decoupled {
  const others = tf.where<Tensor2D>(tf.greater(target, 0), tf.fill(logits.shape, absent), logits);
  const scaled = tf.div(others, temperature);
  const largest = tf.max(scaled, 1, true);
  const powers = tf.exp(tf.sub(scaled, largest));
  const total = tf.sum(powers, 1, true);
  const ofTarget = tf.div(tf.sum(tf.mul(logits, target), 1, true), temperature);
  const binary = tf.concat([ofTarget as Tensor2D, tf.add(largest, tf.log(total)) as Tensor2D], 1);
  return { binary, others, amongOthers: tf.div(powers, total) };
}

/** The binary loss with its gradient carried back from the two binary logits to all logits. */
function throughDecoupling({ values, gradient }: RowLoss, student: Decoupled, target: Tensor2D, temperature: number) {
  const [toTarget, toOthers] = tf.split(gradient, 2, 1) as [Tensor2D, Tensor2D];
  const spread: Tensor2D = tf.add(tf.mul(target, toTarget), tf.mul(student.amongOthers, toOthers));
  return { values, gradient: tf.div<Tensor2D>(spread, temperature) };
}
