import { models } from '../catalog/models.ts';
import type { TeacherDefinition, TeacherTraining, TrainingDefinition } from '../task.ts';
import type { TaskSpec, TrainingSpec } from './schema.ts';

export const recipeNames = ['small', 'paper'] as const;
export type RecipeName = (typeof recipeNames)[number];

/** What a recipe says of a training. */
type Recipe = Pick<
  TrainingDefinition,
  'epochs' | 'batchSize' | 'lr' | 'momentum' | 'weightDecay' | 'schedule' | 'augment' | 'dropLast' | 'imageSize'
>;

/**
 * Small networks on one or a few processor cores: SGD with the paper's CIFAR batch size, momentum and weight decay, and
 * a cosine in place of its three steps, which need no tuning to the epochs. The learning rate is a fifth of the paper's
 * 0.05: these networks have no batch norm, and on EuroSAT cnn-m did not learn at 0.05.
 */
const small = {
  batchSize: 64,
  lr: 0.01,
  momentum: 0.9,
  weightDecay: 5e-4,
  schedule: 'cosine',
  augment: 'none',
  dropLast: false,
} as const;

/** The CIFAR recipe of the paper and of its code. @see arXiv:2505.04560, I.2.3 */
const paperCifar: Recipe = {
  epochs: 240,
  imageSize: 32,
  batchSize: 64,
  lr: 0.05,
  momentum: 0.9,
  weightDecay: 5e-4,
  schedule: 'step',
  augment: 'cropFlip',
  dropLast: true,
};

/**
 * By recipe and dataset. Image sizes are the datasets' own. Epochs of `small`: where the curve of small CNNs has
 * flattened; MNIST needs few, photos need more.
 */
const recipes: Readonly<Record<RecipeName, Readonly<Record<string, Recipe>>>> = {
  small: {
    mnist: { epochs: 5, imageSize: 28, ...small },
    cifar10: { epochs: 30, imageSize: 32, ...small },
    eurosat: { epochs: 20, imageSize: 64, ...small },
  },
  paper: {
    cifar10: paperCifar,
  },
};

/** Learning rate of the recipe `paper` for the small separable networks. @see arXiv:2505.04560, I.2.3 */
const paperSeparableLr = 0.01;

/** The defaults of `torch.optim.AdamW`; a rate of SGD would be far too high for it. */
const adamw = { lr: 0.001, weightDecay: 0.01 } as const;

/** Epochs of a teacher that is trained here. */
const teacherEpochs: Readonly<Record<string, number>> = { mnist: 3, cifar10: 30, eurosat: 20 };

export function recipesOf(dataset: string): readonly RecipeName[] {
  return recipeNames.filter((name) => Object.hasOwn(recipes[name], dataset));
}

/** The datasets that a recipe has defaults for. */
export function datasetsOf(recipe: RecipeName): readonly string[] {
  return Object.keys(recipes[recipe]);
}

/** Training of the student: what the spec says, the recipe for the rest. The recipe has defaults for the dataset. */
export function resolveTraining({ dataset, student }: TaskSpec, spec: TrainingSpec): TrainingDefinition {
  const optimizer = spec.optimizer ?? 'sgd';
  const recipe = { ...recipeFor(dataset, student.model, spec.recipe), ...(optimizer === 'adamw' ? adamw : {}) };
  return {
    epochs: spec.epochs ?? recipe.epochs,
    batchSize: spec.batchSize ?? recipe.batchSize,
    optimizer,
    lr: spec.lr ?? recipe.lr,
    momentum: spec.momentum ?? recipe.momentum,
    weightDecay: spec.weightDecay ?? recipe.weightDecay,
    schedule: spec.schedule ?? recipe.schedule,
    lrWarmupEpochs: spec.lrWarmupEpochs,
    augment: spec.augment ?? recipe.augment,
    augmentDraw: spec.augmentDraw,
    dropLast: spec.dropLast ?? recipe.dropLast,
    teacherOutputs: spec.teacherOutputs,
    imageSize: spec.imageSize ?? recipe.imageSize,
    limitTrain: spec.limitTrain ?? null,
    limitVal: spec.limitVal ?? null,
    limitTest: spec.limitTest ?? null,
  };
}

type TeacherSpec = NonNullable<TaskSpec['teacher']>;

/** The teacher of a task, null where it has none. Without weights it is trained. */
export function resolveTeacher({ dataset, teacher }: TaskSpec): TeacherDefinition | null {
  if (teacher === undefined) return null;
  const { model, weights, normalisation, train = {} } = teacher;
  return weights === undefined
    ? { model, train: resolveTeacherTraining(dataset, train) }
    : { model, weights, ...(normalisation === undefined ? {} : { normalisation }) };
}

/** What the spec says, the teacher's own defaults for the rest: it does not follow the student's settings. */
function resolveTeacherTraining(dataset: string, spec: NonNullable<TeacherSpec['train']>): TeacherTraining {
  return {
    epochs: spec.epochs ?? known(teacherEpochs[dataset], `epochs for a teacher of ${dataset}`),
    seed: spec.seed ?? 1,
    batchSize: spec.batchSize ?? small.batchSize,
    lr: spec.lr ?? small.lr,
    momentum: spec.momentum ?? small.momentum,
    weightDecay: spec.weightDecay ?? small.weightDecay,
    limitTrain: spec.limitTrain ?? null,
  };
}

function recipeFor(dataset: string, student: string, name: RecipeName): Recipe {
  const recipe = known(recipes[name][dataset], `recipe ${name} of ${dataset}`);
  const family = models[student]?.family;
  const isSeparable = family === 'mobilenet' || family === 'shufflenet';
  return name === 'paper' && isSeparable ? { ...recipe, lr: paperSeparableLr } : recipe;
}

function known<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`Cannot find ${what}`);
  return value;
}
