import * as tf from '@tensorflow/tfjs-core';
import { loadCpu } from '../../worker/tf/cpu.ts';
import { registerGradients } from '../../worker/tf/gradients/registry.ts';
import { loadWasm } from '../../worker/tf/wasm.ts';

export const testedBackends = ['cpu', 'wasm'] as const;

/** Loads both backends into one process, to compare them: what the product never does. */
export async function loadTestedBackends(): Promise<void> {
  tf.enableProdMode();
  registerGradients();
  await loadCpu();
  await loadWasm();
}

/** Value and gradient of a scalar function of `[rows, columns]` logits on the current backend. Keeps no tensor. */
export async function valueAndGradient(
  logits: readonly (readonly number[])[],
  f: (logits: tf.Tensor2D) => tf.Scalar,
): Promise<{ readonly value: number; readonly gradient: readonly (readonly number[])[] }> {
  const input = tf.tensor2d(logits.map((row) => [...row]));
  const { value, grad } = tf.tidy(() => tf.valueAndGrad(f)(input));
  const result = { value: (await value.data())[0]!, gradient: (await grad.array()) as number[][] };
  tf.dispose([input, value, grad]);
  return result;
}

/** The largest difference of two lists of rows, relative to the largest absolute value of the second. */
export function largestError(actual: readonly (readonly number[])[], expected: readonly (readonly number[])[]): number {
  const scale = Math.max(...expected.flat().map(Math.abs));
  const errors = expected.flatMap((row, at) => row.map((value, k) => Math.abs(actual[at]![k]! - value)));
  // NaN must not pass as a small number.
  return errors.some(Number.isNaN) ? Number.NaN : Math.max(...errors) / scale;
}
