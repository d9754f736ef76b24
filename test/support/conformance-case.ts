import type { Tensor } from '@tensorflow/tfjs-core';
import type { BackendName } from '../../worker/tf/backend.ts';
import { type Array64, map } from './float64-reference.ts';

/** One operation with inputs of given shapes, how a backend computes it and what it means. */
export interface ConformanceCase {
  readonly title: string;
  readonly shapes: readonly (readonly number[])[];
  readonly compute: (...inputs: readonly Tensor[]) => Tensor;
  readonly reference: (...inputs: readonly Array64[]) => Array64;
  /** Inputs are drawn from (low, high). @default [-1, 1] */
  readonly range?: readonly [number, number];
  /** False where only the value is compared: the gradient is not defined. @default true */
  readonly hasGradient?: boolean;
  /** Backends whose own kernel is not exact here. Nothing that trains or judges a student relies on it. */
  readonly notOn?: readonly BackendName[];
}

/** A function of one element. */
export function elementwise(
  title: string,
  compute: (x: Tensor) => Tensor,
  of: (x: number) => number,
  range: readonly [number, number] = [-1, 1],
): ConformanceCase {
  return { title, shapes: [[4, 9]], range, compute: (x) => compute(x!), reference: (x) => map(x!, of) };
}
