import { describe, expect, it } from 'vitest';
import { AbkdError, type Problem } from '../../core/errors.ts';
import type { SweepPlan } from '../../core/plan.ts';
import { expandSpec } from '../../core/spec/expand.ts';
import { checkSpec } from '../../core/spec/parse.ts';
import { taskDefinitionSchema } from '../../core/task.ts';
import { augmentationOf } from '../../worker/distill/resolve.ts';
import { goodSpec } from '../support/broken-specs.ts';

type Document = Readonly<Record<string, unknown>>;

const cifarTask = { dataset: 'cifar10', teacher: { model: 'resnet56' }, student: { model: 'resnet20' } };
const plan = (change: Document = {}): SweepPlan => expandSpec(checkSpec({ ...goodSpec, ...change }));
const onCifar = (training: Document, task: Document = {}) => plan({ tasks: [{ ...cifarTask, ...task }], training });
const trainingOf = (sweep: SweepPlan) => sweep.tasks[0]!.definition.training;

function problemsOf(change: Document): readonly Problem[] {
  try {
    plan(change);
  } catch (error) {
    if (error instanceof AbkdError) return error.details.problems ?? [];
    throw error;
  }
  throw new Error('the spec was accepted');
}

describe('recipes', () => {
  it('train cifar10 as the paper does its CIFAR experiments', () => {
    expect(trainingOf(onCifar({ recipe: 'paper' }))).toEqual({
      epochs: 240,
      batchSize: 64,
      optimizer: 'sgd',
      lr: 0.05,
      momentum: 0.9,
      weightDecay: 5e-4,
      schedule: 'step',
      lrWarmupEpochs: 0,
      augment: 'cropFlip',
      augmentDraw: 'replicate',
      dropLast: true,
      teacherOutputs: 'auto',
      imageSize: 32,
      limitTrain: null,
      limitVal: null,
      limitTest: null,
    });
  });

  it.each(['mobilenetv2', 'shufflenetv1', 'shufflenetv2'])('give %s the low learning rate of the paper', (model) => {
    expect(trainingOf(onCifar({ recipe: 'paper' }, { student: { model } })).lr).toBe(0.01);
    expect(trainingOf(onCifar({ recipe: 'paper', lr: 0.02 }, { student: { model } })).lr).toBe(0.02);
  });

  it('give way to every field of the spec', () => {
    const own = {
      ...{ epochs: 3, batchSize: 8, lr: 1, momentum: 0, weightDecay: 0, schedule: 'constant', lrWarmupEpochs: 1 },
      ...{ augment: 'none', dropLast: false, teacherOutputs: 'cached', imageSize: 16, limitTrain: 50 },
    };
    expect(trainingOf(onCifar({ recipe: 'paper', ...own }))).toMatchObject(own);
  });

  it('leave AdamW the defaults of PyTorch', () => {
    expect(trainingOf(onCifar({ optimizer: 'adamw' }))).toMatchObject({ lr: 0.001, weightDecay: 0.01 });
    expect(trainingOf(onCifar({ recipe: 'paper', optimizer: 'adamw', lr: 0.1 }))).toMatchObject({
      ...{ lr: 0.1, weightDecay: 0.01, epochs: 240 },
    });
  });

  it('say what they have where a dataset lacks them', () => {
    expect(problemsOf({ training: { recipe: 'paper' } })).toEqual([
      {
        path: 'training.recipe',
        message: '"paper" has no defaults for mnist of tasks[0], only for cifar10; expected a recipe of mnist: small',
      },
    ]);
  });
});

describe('weights', () => {
  const artifact = `artifact:sha256:${'0123456789abcdef'.repeat(4)}`;

  it('stand in the definition in place of training, for the teacher, and beside the model, for the student', () => {
    const task = {
      teacher: { model: 'resnet56-a', weights: 'teachers/resnet56.th', normalisation: 'imagenet' },
      student: { model: 'resnet20', weights: artifact },
    };
    const { definition } = onCifar({}, task).tasks[0]!;
    expect(definition).toMatchObject(task);
    expect(definition.teacher).not.toHaveProperty('train');
    expect(taskDefinitionSchema.parse(definition)).toEqual(definition);
  });

  it('are null for a student from scratch, and a teacher without them is trained', () => {
    const { definition } = onCifar({}).tasks[0]!;
    expect(definition.student).toEqual({ model: 'resnet20', weights: null });
    expect(definition.teacher).toMatchObject({ model: 'resnet56', train: { epochs: 30, seed: 1 } });
  });

  it.each(['../a.th', 'a/../b.th', '/a.th', '~/a.th', 'C:\\a.th', 'file:a.th', 'a/', 'a\nb', artifact.toUpperCase()])(
    'are refused at %j',
    (weights) => {
      const [problem, ...others] = problemsOf({ tasks: [{ ...cifarTask, student: { model: 'resnet20', weights } }] });
      expect(others).toEqual([]);
      expect(problem).toEqual({
        path: 'tasks[0].student.weights',
        message: `found ${JSON.stringify(weights)}, expected a path relative to the data folder of the worker, without "..", or artifact:sha256: and 64 hexadecimal digits`,
      });
    },
  );
});

describe('combinations of training fields', () => {
  it('that contradict one another are explained', () => {
    const trial = { augmentDraw: 'trial', teacherOutputs: 'cached' };
    const expected = {
      path: 'training.teacherOutputs',
      message:
        'found "cached", but fresh augmentation per trial cannot be cached, expected augmentDraw: replicate or teacherOutputs: live',
    };
    expect(problemsOf({ training: { augment: 'cropFlip', ...trial } })).toEqual([expected]);
    // The recipe augments.
    expect(problemsOf({ tasks: [cifarTask], training: { recipe: 'paper', ...trial } })).toEqual([expected]);
    expect(problemsOf({ training: { epochs: 2, lrWarmupEpochs: 3 } })).toEqual([
      { path: 'training.lrWarmupEpochs', message: 'found 3, expected at most the 2 epochs that tasks[0] is trained' },
    ]);
  });

  it('that make sense are accepted', () => {
    const accepted: readonly Document[] = [
      { augment: 'cropFlip', augmentDraw: 'trial' },
      { augment: 'cropFlip', augmentDraw: 'trial', teacherOutputs: 'live' },
      { augment: 'cropFlip', teacherOutputs: 'cached' },
      { epochs: 2, lrWarmupEpochs: 2 },
      { optimizer: 'adamw', weightDecay: 0.05 },
    ];
    for (const training of accepted) expect(trainingOf(plan({ training }))).toMatchObject(training);
  });
});

describe('size of teacher outputs', () => {
  const paper = { recipe: 'paper' };
  const warningsOf = (change: Document) => plan({ tasks: [cifarTask], training: paper, ...change }).warnings;

  it('is said once where it is large, whatever the objectives', () => {
    const large = { replicates: 3, objectives: [{ kind: 'abkd' }, { kind: 'kd' }] };
    expect(warningsOf(large)).toEqual([
      'cifar10, resnet56 to resnet20: teacher outputs of 45 000 images × 240 augmented epochs × 10 classes take 0.4 GB per replicate on each host, 1.3 GB for 3 replicates; training.teacherOutputs: live computes them in every step instead',
    ]);
    expect(
      warningsOf({ ...large, training: { ...paper, epochs: 10_000 }, replicates: 1, selectOn: 'test' })[1],
    ).toContain('of 50 000 images × 10 000 augmented epochs × 10 classes take 20.0 GB on each host; training');
  });

  it('is not said where it is small or nothing is kept', () => {
    const small: readonly Document[] = [
      { replicates: 2 },
      { replicates: 3, training: { ...paper, limitTrain: 5000 } },
      { replicates: 3, training: { ...paper, augment: 'none' } },
      { replicates: 3, training: { ...paper, teacherOutputs: 'live' } },
      { replicates: 3, training: { ...paper, augmentDraw: 'trial' } },
      { replicates: 3, objectives: [{ kind: 'ce' }], search: {} },
      { replicates: 3, run: { kind: 'noop' } },
    ];
    for (const change of small) expect(warningsOf(change)).toEqual([]);
  });
});

describe('augmentationOf()', () => {
  const [abkd, kd] = [0, 1].map(
    (task) => plan({ objectives: [{ kind: 'abkd' }, { kind: 'kd' }] }).tasks[task]!.definition,
  );
  const seedOf = (
    augmentDraw: 'replicate' | 'trial',
    definition: typeof abkd,
    params: Record<string, number>,
    seed = 1,
  ) => augmentationOf(definition!.objective, { augment: 'cropFlip', augmentDraw }, { params, seed })!.seed;

  it('draws the same for a replicate at every point and under every objective', () => {
    const shared = seedOf('replicate', abkd, { alpha: 0, beta: 1 });
    expect(seedOf('replicate', abkd, { alpha: 1, beta: 1 })).toBe(shared);
    expect(seedOf('replicate', kd, {})).toBe(shared);
    expect(seedOf('replicate', abkd, { alpha: 0, beta: 1 }, 2)).not.toBe(shared);
  });

  it('draws anew for each trial where asked to, the same again for another attempt', () => {
    const own = seedOf('trial', abkd, { alpha: 0, beta: 1 });
    expect(seedOf('trial', abkd, { beta: 1, alpha: 0 })).toBe(own);
    const others = [
      seedOf('trial', abkd, { alpha: 1, beta: 1 }),
      seedOf('trial', kd, {}),
      seedOf('trial', abkd, { alpha: 0, beta: 1 }, 2),
      seedOf('replicate', abkd, { alpha: 0, beta: 1 }),
    ];
    expect(new Set([own, ...others]).size).toBe(5);
  });

  it('is null where nothing is augmented', () => {
    expect(augmentationOf(abkd!.objective, trainingOf(plan()), { params: {}, seed: 1 })).toBeNull();
  });
});
