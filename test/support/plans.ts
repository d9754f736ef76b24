import type { SweepPlan, TaskPlan } from '../../core/plan.ts';
import type { TaskDefinition } from '../../core/task.ts';

/** What a plan of the tests consists of; everything else is the same for all. */
export interface PlanShape {
  readonly name?: string;
  readonly points?: number;
  readonly replicates?: number;
  readonly priority?: number;
  readonly maxParallel?: number;
  readonly retries?: number;
  /** One task for each. @default one on `mnist` */
  readonly datasets?: readonly string[];
  /** @default 'tfjs' */
  readonly run?: TaskDefinition['run'];
  /** Points with these ordinals are landmarks. */
  readonly landmarks?: readonly number[];
  /** Where early stopping first pauses every point. @default nowhere */
  readonly firstRung?: number;
  /** @default 'last' */
  readonly checkpoint?: TaskDefinition['checkpoint'];
}

/** A sweep over alpha = 0, 0.1, ... made by hand, to test what stores and schedules plans. */
export function makePlan(shape: PlanShape = {}): SweepPlan {
  const { name = 'test sweep', priority = 0, maxParallel = 1000, retries = 0, datasets = ['mnist'] } = shape;
  return {
    name,
    spec: { name, replicates: shape.replicates ?? 1 },
    priority,
    maxParallel,
    retries,
    timeoutMs: 3_600_000,
    tasks: datasets.map((dataset, ordinal) => makeTask(dataset, ordinal, shape)),
    warnings: ['a warning'],
  };
}

function makeTask(dataset: string, ordinal: number, shape: PlanShape): TaskPlan {
  const { points = 3, replicates = 1, landmarks = [], run = { kind: 'tfjs' } } = shape;
  const training: TaskDefinition['training'] = {
    ...{ epochs: 1, batchSize: 32, optimizer: 'sgd', lr: 0.1, momentum: 0.9, weightDecay: 0, schedule: 'constant' },
    ...{ lrWarmupEpochs: 0, augment: 'none', augmentDraw: 'replicate', dropLast: false, teacherOutputs: 'auto' },
    ...{ imageSize: 28, limitTrain: null, limitVal: null, limitTest: null },
  };
  const teacherTraining = { epochs: 1, seed: 1, batchSize: 32, lr: 0.1, momentum: 0.9, weightDecay: 0 };
  return {
    ordinal,
    definition: {
      dataset,
      protocol: 'classification',
      teacher: { model: 'cnn-m', train: { ...teacherTraining, limitTrain: null } },
      student: { model: 'cnn-s', weights: null },
      objective: {
        ...{ kind: 'abkd', temperature: 4, weight: 1, ceWeight: 1, scale: 'raw', compat: 'exact' },
        ...{ alpha: null, beta: 0.5 },
      },
      metric: 'top1',
      selectOn: 'val',
      checkpoint: shape.checkpoint ?? 'last',
      training,
      run,
      splitSeed: 7,
    },
    fingerprint: `fingerprint-${dataset}`,
    comparisonKey: `comparison-${dataset}`,
    searchState: 'PLANNED',
    plannedPoints: points,
    plannedTrials: points * replicates,
    points: Array.from({ length: points }, (_, index) => ({
      ordinal: index,
      cell: `alpha=${index / 10}`,
      params: { alpha: index / 10 },
      sources: landmarks.includes(index) ? ['grid', 'landmark:fkl'] : ['grid'],
      inSpace: true,
      firstRung: shape.firstRung ?? null,
      trials: Array.from({ length: replicates }, (_seed, replicate) => ({
        ...{ replicate, seed: 1000 + replicate, purpose: 'SEARCH' as const },
      })),
    })),
    warnings: [],
  };
}
