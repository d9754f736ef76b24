import * as tf from '@tensorflow/tfjs-core';
import { lossKernelId } from '../../core/kernel.ts';
import type { KernelProof } from '../../core/kernel-proof.ts';
import { type KernelProofCase, kernelProofCases } from '../../core/kernel-proof-cases.ts';
import { abDivergence } from './divergence.ts';

/** What the current backend computes for the reference inputs, through the same code that trials train with. */
export async function computeKernelProof(): Promise<KernelProof> {
  const divergences: number[] = [];
  const gradients: number[] = [];
  for (const reference of kernelProofCases) {
    const { value, grad } = tf.tidy(() => evaluateCase(reference));
    divergences.push(...(await value.data()));
    gradients.push(...(await grad.data()));
    tf.dispose([value, grad]);
  }
  return { kernelId: lossKernelId, divergences, gradients };
}

function evaluateCase({ teacherLogits, studentLogits, alpha, beta, temperature }: KernelProofCase) {
  const teacher = tf.tensor2d([...teacherLogits], [1, teacherLogits.length]);
  const student = tf.tensor2d([...studentLogits], [1, studentLogits.length]);
  const divergence = (logits: tf.Tensor2D) =>
    abDivergence({ teacherLogits: teacher, studentLogits: logits, alpha, beta, temperature });
  return tf.valueAndGrad(divergence)(student);
}
