import * as tf from '@tensorflow/tfjs-core';
import { abGradient, type DivergenceOptions } from './divergence.ts';
import type { TeacherOutputs } from './teacher-outputs.ts';

/** How many of the teacher's outputs the factor is measured on. */
const sampleSize = 1024;

/**
 * c(alpha, beta, T) = sum ||g(1, 0)|| / sum ||g(alpha, beta)||, with g the gradient of each sample's divergence with
 * respect to the student's logits, over the first 1 024 teacher outputs against a uniform student. With it every point
 * of the plane pulls as hard as forward KL does when training starts.
 */
export async function scaleFactor(
  point: Pick<DivergenceOptions, 'alpha' | 'beta' | 'temperature' | 'compat'>,
  teacher: Pick<TeacherOutputs, 'logits' | 'classes'>,
): Promise<number> {
  const rows = Math.min(sampleSize, teacher.logits.length / teacher.classes);
  const totals = tf.tidy(() => {
    const teacherLogits = tf.tensor2d(teacher.logits.slice(0, rows * teacher.classes), [rows, teacher.classes]);
    const studentLogits = tf.zerosLike(teacherLogits);
    const total = (alpha: number, beta: number) =>
      tf.sum(tf.norm(abGradient({ ...point, alpha, beta, teacherLogits, studentLogits }), 'euclidean', 1));
    return tf.stack([total(1, 0), total(point.alpha, point.beta)]);
  });
  const [forwardKl, own] = await totals.data();
  totals.dispose();
  return forwardKl! / own!;
}
