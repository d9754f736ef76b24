import type { TeacherTraining, TrainingDefinition } from '../task.ts';
import type { TaskSpec, TrainingSpec } from './schema.ts';

/** Defaults of one dataset under the recipe `small`: small CNNs on one or a few processor cores. */
interface SmallRecipe {
  readonly epochs: number;
  readonly imageSize: number;
  readonly teacherEpochs: number;
}

/**
 * Image sizes are the datasets' own. Epochs: where the curve of these networks has flattened; MNIST needs few, photos
 * need more. What is not listed is common: SGD with the paper's CIFAR batch size, momentum and weight decay
 * (arXiv:2505.04560, I.2.3), and a cosine in place of its three steps, which need no tuning to the epochs. The learning
 * rate is a fifth of the paper's 0.05: these networks have no batch norm, and on EuroSAT cnn-m did not learn at 0.05.
 */
const smallRecipes: Readonly<Record<string, SmallRecipe>> = {
  mnist: { epochs: 5, imageSize: 28, teacherEpochs: 3 },
  cifar10: { epochs: 30, imageSize: 32, teacherEpochs: 30 },
  eurosat: { epochs: 20, imageSize: 64, teacherEpochs: 20 },
};

const optimisation = { batchSize: 64, lr: 0.01, momentum: 0.9, weightDecay: 5e-4 } as const;

/** Training of the student: what the spec says, the recipe for the rest. */
export function resolveTraining(dataset: string, spec: TrainingSpec): TrainingDefinition {
  const { epochs, imageSize } = recipeOf(dataset);
  return {
    epochs: spec.epochs ?? epochs,
    batchSize: spec.batchSize ?? optimisation.batchSize,
    optimizer: spec.optimizer ?? 'sgd',
    lr: spec.lr ?? optimisation.lr,
    momentum: spec.momentum ?? optimisation.momentum,
    weightDecay: spec.weightDecay ?? optimisation.weightDecay,
    schedule: spec.schedule ?? 'cosine',
    lrWarmupEpochs: 0,
    augment: 'none',
    augmentDraw: 'replicate',
    dropLast: false,
    teacherOutputs: 'auto',
    imageSize: spec.imageSize ?? imageSize,
    limitTrain: spec.limitTrain ?? null,
    limitVal: spec.limitVal ?? null,
    limitTest: spec.limitTest ?? null,
  };
}

/** Training of the teacher: what the spec says, the recipe for the rest. It does not follow the student's settings. */
export function resolveTeacherTraining(
  dataset: string,
  spec: NonNullable<TaskSpec['teacher']>['train'],
): TeacherTraining {
  return {
    epochs: spec.epochs ?? recipeOf(dataset).teacherEpochs,
    seed: spec.seed,
    batchSize: spec.batchSize ?? optimisation.batchSize,
    lr: spec.lr ?? optimisation.lr,
    momentum: spec.momentum ?? optimisation.momentum,
    weightDecay: spec.weightDecay ?? optimisation.weightDecay,
    limitTrain: spec.limitTrain ?? null,
  };
}

function recipeOf(dataset: string): SmallRecipe {
  const recipe = smallRecipes[dataset];
  if (recipe === undefined) throw new Error(`Cannot find recipe "small" of dataset ${JSON.stringify(dataset)}`);
  return recipe;
}
