import { z } from 'zod';
import { objectiveSchema } from './objective.ts';

/**
 * What a worker needs to know of a task, fully resolved: recipe defaults applied, nothing implied.
 * It travels as JSON in the assignment, is stored with the task, and (without `run` timing fields) is what
 * `fingerprint` hashes. A task is dataset x teacher x student x objective.
 */
const finite = z.number().refine(Number.isFinite, 'must be a finite number');

/** How a teacher is trained, once, by the first trial that needs it. */
export const teacherTrainingSchema = z.strictObject({
  epochs: z.int().min(1).max(1000),
  seed: z.int().min(0).max(0xffffffff),
  batchSize: z.int().min(1).max(4096),
  lr: finite.positive(),
  momentum: finite.min(0).max(1),
  weightDecay: finite.min(0),
  /** Labelled images to train on, drawn with the seed; null = all of the training part. */
  limitTrain: z.int().min(1).nullable(),
});

/**
 * Where trained weights come from: a file under the worker's data folder (`teachers/resnet56.safetensors`, no `..`), or
 * what the coordinator already stores (`artifact:sha256:<64 hexadecimal digits>`).
 */
export const weightsSourceSchema = z
  .string()
  .min(1)
  .max(500)
  .refine(
    isWeightsSource,
    'expected a path relative to the data folder of the worker, without "..", or artifact:sha256: and 64 hexadecimal digits',
  );

function isWeightsSource(text: string): boolean {
  if (text.startsWith('artifact:')) return /^artifact:sha256:[0-9a-f]{64}$/.test(text);
  // Nothing absolute, no drive, address or home folder, no control character, no folder.
  if (/^[/\\~]|^[A-Za-z][A-Za-z0-9+.-]*:|\p{Control}|[/\\]$/u.test(text)) return false;
  return !text.split(/[/\\]/).includes('..');
}

/** Red, green, blue, or grey. */
const perChannel = <Value extends z.ZodType>(value: Value) => z.array(value).min(1).max(4);

/**
 * How the images were normalised that trained weights were trained on: (pixel / 255 - mean) / std per channel, with the
 * statistics of ImageNet or others. Left out: as the weight file says, else as those of the dataset.
 */
export const normalisationSchema = z.union([
  z.literal('imagenet'),
  z.strictObject({ mean: perChannel(finite), std: perChannel(finite.positive()) }),
]);

/** A teacher is either trained or has trained weights. */
export const teacherSchema = z.union([
  z.strictObject({ model: z.string(), train: teacherTrainingSchema }),
  z.strictObject({
    model: z.string(),
    weights: weightsSourceSchema,
    normalisation: normalisationSchema.optional(),
  }),
]);

export const trainingSchema = z.strictObject({
  epochs: z.int().min(1).max(10_000),
  batchSize: z.int().min(1).max(4096),
  optimizer: z.enum(['sgd', 'adamw']),
  lr: finite.positive(),
  /** Of SGD; AdamW does not look at it. */
  momentum: finite.min(0).max(1),
  weightDecay: finite.min(0),
  schedule: z.enum(['constant', 'cosine', 'step']),
  /** Epochs over which the learning rate grows linearly from 0; the schedule follows. */
  lrWarmupEpochs: z.int().min(0).max(10_000).default(0),
  /** `cropFlip`: zero-pad by 4 pixels, crop at random, flip half of the images. Drawn per (seed, image, epoch). */
  augment: z.enum(['none', 'cropFlip']).default('none'),
  /**
   * `replicate`: replicate k of every point sees the same augmented images, so that one cache of teacher outputs serves
   * them all. `trial`: each trial draws its own; then there is nothing to cache.
   */
  augmentDraw: z.enum(['replicate', 'trial']).default('replicate'),
  /** Leaves out a last batch that is not full. */
  dropLast: z.boolean().default(false),
  /**
   * `cached`: the teacher's outputs are computed once per host; `live`: the teacher runs in every step; `auto`: cached
   * where that fits into the host's cache and is the same, else live.
   */
  teacherOutputs: z.enum(['auto', 'cached', 'live']).default('auto'),
  /** Images are resized to this many pixels on each side. */
  imageSize: z.int().min(8).max(512),
  /** Images (labels and teacher outputs) that the student trains on, drawn once per task; null = all. */
  limitTrain: z.int().min(1).nullable(),
  /** Images of the selection part that are evaluated; null = all. */
  limitVal: z.int().min(1).nullable(),
  limitTest: z.int().min(1).nullable(),
});

/**
 * `tfjs` distils. `noop` trains nothing: it waits and reports a smooth made-up surface, to try out a fleet;
 * its results are never pooled with real ones. `failure` makes it end badly on purpose, to see what users will see.
 */
export const runSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tfjs') }),
  z.strictObject({
    kind: z.literal('noop'),
    /** How long each trial takes, in milliseconds. */
    durationMs: z.int().min(0).max(86_400_000),
    /** Steps (measurements) per trial. */
    steps: z.int().min(1).max(10_000),
    failure: z.enum(['none', 'exception', 'crash', 'outOfMemory', 'nan', 'hang']),
  }),
]);

export const taskDefinitionSchema = z.strictObject({
  dataset: z.string(),
  protocol: z.enum(['classification', 'baseToNew', 'instruct']),
  /** null for `ce` tasks, whose student learns alone. */
  teacher: teacherSchema.nullable(),
  /** `weights`: where its initial weights come from; null = drawn from the seed. */
  student: z.strictObject({
    model: z.string(),
    weights: weightsSourceSchema.nullable().default(null),
    normalisation: normalisationSchema.optional(),
  }),
  /** Fixed fields of the objective. Points may override the numeric ones. */
  objective: objectiveSchema,
  metric: z.enum(['top1']),
  selectOn: z.enum(['val', 'test']),
  checkpoint: z.enum(['last', 'best']),
  training: trainingSchema,
  run: runSchema,
  /** Seed of everything that is drawn once per sweep and not per replicate: the validation split, the subset of `limitTrain`. */
  splitSeed: z.int().min(0).max(0xffffffff),
});

export type TeacherTraining = z.infer<typeof teacherTrainingSchema>;
export type NormalisationDefinition = z.infer<typeof normalisationSchema>;
export type TeacherDefinition = z.infer<typeof teacherSchema>;
export type TrainingDefinition = z.infer<typeof trainingSchema>;
export type RunDefinition = z.infer<typeof runSchema>;
export type TaskDefinition = z.infer<typeof taskDefinitionSchema>;
