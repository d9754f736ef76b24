import type { NamedTensorMap, Variable } from '@tensorflow/tfjs-core';

export interface Optimizer {
  /**
   * Everything that changes from step to step, each under a name that says which parameter it belongs to by its place:
   * `velocity.0`. Assigning saved values continues exactly where they were saved.
   */
  readonly state: ReadonlyMap<string, Variable>;
  /** Moves every parameter by its gradient, given under the variable's name. Disposes nothing of the caller's. */
  step(gradients: NamedTensorMap, learningRate: number): void;
  dispose(): void;
}
