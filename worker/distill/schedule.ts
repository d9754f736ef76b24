import type { TrainingDefinition } from '../../core/task.ts';

/** Shares of the training after which `step` divides the rate by 10: 150, 180, 210 of the 240 epochs of the CIFAR recipe. */
const milestones = [0.625, 0.75, 0.875] as const;

/** How long a training is, in steps. */
export interface TrainingLength {
  readonly totalSteps: number;
  /** Steps over which the rate grows linearly to its full value. */
  readonly warmupSteps: number;
}

/**
 * Learning rate of one step (from 0), as a multiple of the base rate, in (0, 1], updated every step. In the warm-up it
 * grows from 1 / warmupSteps to 1. `cosine` follows and falls from 1 towards 0 along half a cosine over the steps that
 * are left, without restarts; the milestones of `step` stay at their shares of the whole training, warm-up included.
 *
 * @see Loshchilov and Hutter, "SGDR", 2017, equation 5
 * @see Goyal et al., "Accurate, large minibatch SGD", 2017, section 2.2: gradual warm-up, later milestones unmoved
 */
export function rateFactor(
  schedule: TrainingDefinition['schedule'],
  step: number,
  { totalSteps, warmupSteps }: TrainingLength,
): number {
  const warmup = Math.min(1, (step + 1) / warmupSteps);
  switch (schedule) {
    case 'constant':
      return warmup;
    case 'cosine':
      if (step < warmupSteps) return warmup;
      return (1 + Math.cos((Math.PI * (step - warmupSteps)) / (totalSteps - warmupSteps))) / 2;
    case 'step':
      return warmup * 0.1 ** milestones.filter((milestone) => step / totalSteps >= milestone).length;
  }
}
