import { z } from 'zod';
import { objectiveSchema } from './objective.ts';

/**
 * What a worker needs to know of a task, fully resolved: recipe defaults applied, nothing implied.
 * It travels as JSON in the assignment, is stored with the task, and (without `run` timing fields) is what
 * `fingerprint` hashes. A task is dataset x teacher x student x objective.
 */
const finite = z.number().refine(Number.isFinite, 'must be a finite number');

/** How a teacher comes to be. Weights files and imported artifacts arrive with the engine's weight readers. */
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

export const teacherSchema = z.strictObject({ model: z.string(), train: teacherTrainingSchema });

export const trainingSchema = z.strictObject({
  epochs: z.int().min(1).max(10_000),
  batchSize: z.int().min(1).max(4096),
  optimizer: z.enum(['sgd']),
  lr: finite.positive(),
  momentum: finite.min(0).max(1),
  weightDecay: finite.min(0),
  schedule: z.enum(['constant', 'cosine', 'step']),
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
  student: z.strictObject({ model: z.string() }),
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
export type TeacherDefinition = z.infer<typeof teacherSchema>;
export type TrainingDefinition = z.infer<typeof trainingSchema>;
export type RunDefinition = z.infer<typeof runSchema>;
export type TaskDefinition = z.infer<typeof taskDefinitionSchema>;
