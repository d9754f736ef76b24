import { z } from 'zod';
import { availableDatasets } from '../catalog/datasets.ts';
import { availableModels } from '../catalog/models.ts';
import { objectiveKinds, objectives } from '../catalog/objectives.ts';
import { type ParameterName, parameterEntry, parameterNames } from '../catalog/parameters.ts';
import { stoppingMethods, stoppingTitle } from '../earlystop/registry.ts';
import type { ObjectiveKind } from '../objective.ts';
import { searchMethods } from '../search/registry.ts';
import { landmarkNames } from '../space/geometry.ts';
import { weightsSourceSchema } from '../task.ts';
import { specLimits } from './limits.ts';
import { recipeNames } from './recipe.ts';

/**
 * The sweep spec as far as this version builds it. Unknown fields are refused everywhere. Rules that join several
 * fields (an empty grid, a parameter that nobody searches) are in `rules.ts`.
 */

/** An object that refuses fields it does not know and says which it knows. */
function fields<Shape extends z.core.$ZodShape>(shape: Shape) {
  const known = `expected only ${Object.keys(shape).join(', ')}`;
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? known : undefined) });
}

/** A value of the parameter, within its range. */
function parameter(name: ParameterName) {
  const { title, min, max, aboveMin } = parameterEntry(name);
  const bounded = z.number().max(max);
  return (aboveMin ? bounded.gt(min) : bounded.min(min)).describe(title);
}

const wholeNumber = (min: number, max: number) => z.int().min(min).max(max);
const seed = wholeNumber(0, 0xffffffff);
const count = wholeNumber(1, 100_000_000);
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const noControl = /^[^\u0000-\u001f\u007f\p{Surrogate}]*$/u;

const weights = weightsSourceSchema.optional();
const weightsForms = 'a file under the data folder of the worker, or artifact:sha256: and its hash';

/** Red, green, blue, or grey. */
const channels = { min: 1, max: 4 } as const;
const normalisation = z
  .union([
    z.literal('imagenet'),
    fields({
      mean: z.array(z.number()).min(channels.min).max(channels.max).describe('Mean of each channel, pixels in 0 to 1'),
      std: z.array(z.number().gt(0)).min(channels.min).max(channels.max).describe('Standard deviation of each channel'),
    }),
  ])
  .optional()
  .describe(
    'How the images were normalised that the weights were trained on: imagenet, or { mean, std }; default as the file says, else as the dataset is',
  );

const teacherTraining = fields({
  epochs: wholeNumber(1, 1000).optional().describe('Epochs that the teacher is trained'),
  seed: seed.optional().describe('Seed of its initial weights and order of images; default 1'),
  batchSize: wholeNumber(1, 4096).optional().describe('Images per step'),
  lr: parameter('lr').optional(),
  momentum: parameter('momentum').optional(),
  weightDecay: parameter('weightDecay').optional(),
  limitTrain: count.optional().describe('Labelled images to train on; default all of the training part'),
}).describe('How the teacher is trained, once, before the first trial that needs it; defaults by dataset');

const taskSchema = fields({
  dataset: z.enum(availableDatasets).describe('Dataset, by its name in the catalogue'),
  protocol: z.enum(['classification']).default('classification').describe('How the dataset is split and evaluated'),
  teacher: fields({
    model: z.enum(availableModels).describe('Model of the teacher'),
    train: teacherTraining.optional(),
    weights: weights.describe(`Trained weights instead of train: ${weightsForms}`),
    normalisation,
  })
    .optional()
    .describe('Teacher, trained here or with trained weights; required by every objective but ce'),
  student: fields({
    model: z.enum(availableModels).describe('Model of the student'),
    weights: weights.describe(`Initial weights, default drawn from the seed: ${weightsForms}`),
    normalisation,
  }).describe('Who learns'),
});

const scaleField = z
  .enum(['raw', 'gradNormalised'])
  .default('raw')
  .describe('gradNormalised: every objective and point pulls as hard as forward KL at the start');

const compatField = z
  .enum(['exact', 'abkdRef'])
  .default('exact')
  .describe('abkdRef: the axis branches of the published code, for like-for-like tables only');

/** Fields that objectives may have. What each kind has is in the catalogue; a spec with another one is refused. */
type ObjectiveFields = { kind: z.ZodLiteral<ObjectiveKind> } & {
  [Name in ParameterName]: z.ZodOptional<z.ZodNumber>;
} & { scale: z.ZodOptional<typeof scaleField>; compat: z.ZodOptional<typeof compatField> };

function objectiveOption(kind: ObjectiveKind) {
  const { title, defaults } = objectives[kind];
  const own = Object.entries(defaults).map(([name, value]) => [name, objectiveField(name, value)]);
  return fields({ kind: z.literal(kind).describe(title), ...Object.fromEntries(own) } as ObjectiveFields);
}

function objectiveField(name: string, value: unknown) {
  if (name === 'scale') return scaleField;
  if (name === 'compat') return compatField;
  const parameterName = name as ParameterName;
  const { title } = parameterEntry(parameterName);
  const fixed = 'a value given here is fixed: this objective does not search it';
  return parameter(parameterName)
    .optional()
    .describe(value === null ? `${title}; required here or in search.space` : `${title}; default ${value}; ${fixed}`);
}

const [firstKind, ...otherKinds] = objectiveKinds;
const objectiveSchema = z
  .discriminatedUnion('kind', [objectiveOption(firstKind!), ...otherKinds.map(objectiveOption)])
  .describe('What the student minimises');

const rangeSchema = z
  .union([
    fields({
      min: z.number().describe('First value'),
      max: z.number().describe('Upper end; a value only where the steps meet it'),
      step: z.number().optional().describe('Required by a grid; without it other searches take any value of the range'),
      log: z.boolean().optional().describe('Equal ratios count as equal distances; min must be above 0'),
    }),
    fields({
      values: z.array(z.number()).min(1).max(specLimits.listedValues).describe('Every value'),
      categorical: z
        .boolean()
        .optional()
        .describe('The values are mere choices: none is nearer to another than the rest'),
    }),
  ])
  .describe('Evenly spaced values { min, max, step }, or listed ones { values: [...] }');

const spaceSchema = fields(
  // One optional field per parameter; the cast restores the names that fromEntries forgets.
  Object.fromEntries(
    parameterNames.map((name) => [name, rangeSchema.optional().describe(parameterEntry(name).title)]),
  ) as Record<ParameterName, z.ZodOptional<typeof rangeSchema>>,
).describe('Parameters that are searched');

const searchSchema = fields({
  method: z.enum(searchMethods).default('grid').describe('How points are chosen'),
  space: spaceSchema.prefault({}),
  constraints: z
    .array(z.string().min(1).max(300))
    .max(specLimits.constraints)
    .default([])
    .describe('Linear inequalities over the searched parameters: "alpha + beta <= 1.3"'),
  points: wholeNumber(1, specLimits.pointsPerTask)
    .optional()
    .describe(
      'Points per task and objective, with replicates { min, max } at the mean of both; a grid defaults to all of it, every other search needs it',
    ),
  include: z
    .array(z.enum(landmarkNames))
    .max(landmarkNames.length)
    .default([])
    .describe('Named (alpha, beta) that run first, also where they lie outside the space'),
  transfer: z
    .enum(['none', 'auto'])
    .default('none')
    .describe('auto: a gp search starts from finished tasks that are alike, as far as they help'),
  seed: seed.default(0).describe('Seed of the whole sweep: order, splits and training seeds'),
  stop: fields({
    within: z.number().gt(0).describe("How far from the best cell the recommended point may be, in the metric's unit"),
    probability: z.number().gt(0.5).lt(1).describe('How sure of that the search must be'),
  })
    .optional()
    .describe('When an adaptive search ends before its points are used up'),
});

const trainingSchema = fields({
  recipe: z.enum(recipeNames).default('small').describe('Where the defaults of the other fields come from'),
  epochs: wholeNumber(1, 10_000).optional().describe('Passes over the training images'),
  batchSize: wholeNumber(1, 4096).optional().describe('Images per step'),
  optimizer: z.enum(['sgd', 'adamw']).optional().describe('SGD with momentum, or AdamW; default sgd'),
  lr: parameter('lr').optional(),
  momentum: parameter('momentum').optional(),
  weightDecay: parameter('weightDecay').optional(),
  schedule: z.enum(['constant', 'cosine', 'step']).optional().describe('Learning rate over the epochs'),
  lrWarmupEpochs: wholeNumber(0, 10_000)
    .default(0)
    .describe('Epochs, part of all, over which the learning rate grows linearly to its full value'),
  augment: z
    .enum(['none', 'cropFlip'])
    .optional()
    .describe('cropFlip: pad by 4 black pixels, crop back at random, mirror half of the images'),
  augmentDraw: z
    .enum(['replicate', 'trial'])
    .default('replicate')
    .describe('replicate: the same augmented images at every point of a replicate; trial: each trial draws its own'),
  dropLast: z.boolean().optional().describe('Leave out the last batch of an epoch where it is not full'),
  teacherOutputs: z
    .enum(['auto', 'cached', 'live'])
    .default('auto')
    .describe('cached: computed once per host; live: in every step; auto: cached where possible and small enough'),
  imageSize: wholeNumber(8, 512).optional().describe('Pixels on each side'),
  limitTrain: count.optional().describe('Images that the student trains on, drawn once per task'),
  limitVal: count.optional().describe('Images of the selection part that are evaluated'),
  limitTest: count.optional().describe('Images of the test part that are evaluated'),
}).describe('Training of the student; defaults by recipe and dataset');

const runSchema = z.discriminatedUnion('kind', [
  fields({ kind: z.literal('tfjs').describe('Distil on the worker') }),
  fields({
    kind: z.literal('noop').describe('Train nothing and report a made-up surface, to try out a fleet'),
    durationMs: wholeNumber(0, 86_400_000).default(1000).describe('How long each trial takes'),
    steps: wholeNumber(1, 10_000).default(5).describe('Measurements per trial'),
    failure: z
      .enum(['none', 'exception', 'crash', 'outOfMemory', 'nan', 'hang'])
      .default('none')
      .describe('End every trial badly on purpose'),
  }),
]);

const minEpochs = wholeNumber(1, 10_000).describe('Epochs before which no point is stopped: the first rung');
const reduction = wholeNumber(2, 100)
  .default(3)
  .describe('Factor from rung to rung; of the points that reach a rung about 1 / reduction goes on');
const minPoints = wholeNumber(1, 10_000)
  .default(5)
  .describe('Other points that must have reached a rung before any is stopped there');

const halvingFields = { minEpochs, reduction };
const halvingMethods = stoppingMethods.filter((method) => method !== 'median');
const [firstHalving, ...otherHalvings] = halvingMethods.map((method) =>
  fields({ method: z.literal(method).describe(stoppingTitle(method)), ...halvingFields }),
);
const earlyStopSchema = z
  .discriminatedUnion('method', [
    fields({ method: z.literal('none').describe('every trial runs to its end') }),
    fields({ method: z.literal('median').describe(stoppingTitle('median')), ...halvingFields, minPoints }),
    firstHalving!,
    ...otherHalvings,
  ])
  .describe('When points are stopped before their end');

const limitsSchema = fields({
  maxParallel: wholeNumber(1, 100_000).default(64).describe('Trials of this sweep that may run at once'),
  retries: wholeNumber(0, 100).default(2).describe('Failed attempts of a trial that are tried again'),
  timeoutMinutes: z.number().min(0.001).max(525_600).default(1440).describe('Longest run of one attempt'),
  priority: wholeNumber(-1000, 1000).default(0).describe('Higher runs first'),
});

export const specSchema = fields({
  name: z
    .string()
    .min(1)
    .max(120)
    .regex(noControl, 'must not contain control characters or halves of characters')
    .refine((name) => name.trim() === name, 'must not begin or end with a space')
    .describe('Name for people; need not be unique'),
  tasks: z.array(taskSchema).min(1).max(specLimits.tasks).describe('What is distilled: dataset, teacher, student'),
  objectives: z
    .array(objectiveSchema)
    .min(1)
    .max(specLimits.objectives)
    .prefault([{ kind: 'abkd' }])
    .describe('Each task is searched once per objective'),
  metric: z.enum(['top1']).default('top1').describe('What is reported: top1 accuracy, percent'),
  selectOn: z.enum(['val', 'test']).default('val').describe('Part that points are compared on; test is flagged'),
  checkpoint: z.enum(['last', 'best']).default('last').describe('Epoch whose values count'),
  search: searchSchema.prefault({}).describe('How points of the space are chosen'),
  replicates: z
    .union([
      wholeNumber(1, specLimits.replicates),
      fields({
        min: wholeNumber(1, specLimits.replicates).describe('Seeds that every point gets'),
        max: wholeNumber(1, specLimits.replicates).describe('Seeds that a point may get'),
      }),
    ])
    .default(1)
    .describe('Seeds per point; { min, max }: an adaptive search spends them where they tell most'),
  confirm: fields({
    points: wholeNumber(1, specLimits.confirmedPoints).describe('How many of the best points'),
    seeds: wholeNumber(1, specLimits.replicates).describe('How many fresh seeds each of them is run under'),
  })
    .optional()
    .describe('Runs the best points of each task again when its search is over; their values count instead'),
  earlyStop: earlyStopSchema.optional(),
  training: trainingSchema.prefault({}),
  run: runSchema.prefault({ kind: 'tfjs' }).describe('What a trial does'),
  limits: limitsSchema.prefault({}).describe('Parallelism, retries, time and priority'),
}).describe('A sweep over the hyperparameters of knowledge distillation');

/** A spec whose every field has been checked and whose defaults are filled in. */
export type SweepSpec = z.infer<typeof specSchema>;
export type TaskSpec = SweepSpec['tasks'][number];
export type ObjectiveSpec = SweepSpec['objectives'][number];
export type SearchSpec = SweepSpec['search'];
export type EarlyStopSpec = z.infer<typeof earlyStopSchema>;
export type ReplicatesSpec = SweepSpec['replicates'];
export type TrainingSpec = SweepSpec['training'];

/** The spec as a JSON Schema (draft 2020-12), for editors and other programs. */
export function specJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(specSchema, { io: 'input' });
}
