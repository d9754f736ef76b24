import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withDefaults } from '../../core/catalog/objectives.ts';
import type { ObjectiveOf } from '../../core/objective.ts';
import type { TaskDefinition } from '../../core/task.ts';
import { closeWorkspace } from '../../worker/distill/workspace.ts';
import { initBackend } from '../../worker/tf/backend.ts';
import { runTfjs } from '../../worker/trial/tfjs.ts';
import { temporaryFolder } from '../support/datasets.ts';
import { createLocalTrialContext, type LocalTrialOptions } from '../support/trial-context.ts';

await initBackend('wasm');
const folder = await temporaryFolder();
afterAll(() => folder[Symbol.asyncDispose]());

const objective: ObjectiveOf<'abkd'> = {
  kind: 'abkd',
  temperature: 2,
  weight: 2,
  ceWeight: 1,
  scale: 'raw',
  compat: 'exact',
  alpha: null,
  beta: null,
};

/** The smallest distillation that is one: 120 digits, two epochs. */
const definition: TaskDefinition = {
  dataset: 'mnist',
  protocol: 'classification',
  teacher: {
    model: 'cnn-m',
    train: { epochs: 1, seed: 1, batchSize: 32, lr: 0.03, momentum: 0.9, weightDecay: 0, limitTrain: 300 },
  },
  student: { model: 'cnn-s', weights: null },
  objective,
  metric: 'top1',
  selectOn: 'val',
  checkpoint: 'last',
  training: {
    epochs: 2,
    batchSize: 32,
    optimizer: 'sgd',
    lr: 0.03,
    momentum: 0.9,
    weightDecay: 0.0005,
    schedule: 'constant',
    lrWarmupEpochs: 0,
    augment: 'none',
    augmentDraw: 'replicate',
    dropLast: false,
    teacherOutputs: 'auto',
    imageSize: 28,
    limitTrain: 120,
    limitVal: 100,
    limitTest: 100,
  },
  run: { kind: 'tfjs' },
  splitSeed: 5,
};
const logRDecileNames = Array.from({ length: 10 }, (_, index) => `logRDecile${index + 1}`);
const params = { alpha: 0.5, beta: 0.5 };

const contextFor = (options: Partial<LocalTrialOptions> = {}) =>
  createLocalTrialContext({ definition, params, cacheDir: folder.path, ...options });

const withTraining = (training: Partial<TaskDefinition['training']>): TaskDefinition => ({
  ...definition,
  training: { ...definition.training, ...training },
});

describe('runTfjs()', () => {
  let tensorsBefore = 0;
  beforeEach(() => {
    tensorsBefore = tf.memory().numTensors;
  });
  afterEach(() => {
    closeWorkspace();
    expect(tf.memory().numTensors).toBe(tensorsBefore);
  });

  it('trains the teacher once, caches its outputs, and reports every epoch', async () => {
    const first = contextFor();
    const success = await runTfjs(first);
    expect(first.built.map((key) => key.split(':')[0])).toEqual(['teacher', 'teacher-reference', 'teacher-outputs']);
    expect(first.reports.map(({ step }) => step)).toEqual([1, 2]);
    for (const { values } of first.reports) {
      expect(Object.keys(values).sort()).toEqual(
        [
          ...['divergence', 'epochSeconds', 'loss', 'selection', 'studentEntropy', 'studentEntropyAtT', 'test'],
          ...['confidenceWeight', 'gradientNorm', 'hardnessWeight', 'logR', ...logRDecileNames],
        ].sort(),
      );
    }
    expect(success.selectionValue).toBe(first.reports[1]?.values.selection);
    expect(success.testValue).toBe(first.reports[1]?.values.test);
    expect(success.selectionValue).toBeGreaterThan(20);
    expect(success.teacherSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(success.extras.teacherTest).toBeGreaterThan(20);
    expect(success.scaleFactor).toBeNull();

    const kd: TaskDefinition = { ...definition, objective: withDefaults({ kind: 'kd' }) };
    const second = contextFor({ definition: kd, params: {} });
    expect((await runTfjs(second)).teacherSha256).toBe(success.teacherSha256);
    expect(second.built).toEqual([]);
  });

  it('learns the same from cached outputs as from a live teacher, on augmented images, odd last batch included', async () => {
    const augmented = (training: Partial<TaskDefinition['training']>) =>
      contextFor({ definition: withTraining({ augment: 'cropFlip', batchSize: 50, ...training }), seed: 8 });
    const [live, cached, again] = [
      augmented({ teacherOutputs: 'live' }),
      augmented({ teacherOutputs: 'cached' }),
      augmented({ teacherOutputs: 'auto', epochs: 3 }),
    ];
    expect((await runTfjs(live)).extras.teacherCached).toBe(0);
    expect((await runTfjs(cached)).extras.teacherCached).toBe(1);
    expect(live.built).not.toContainEqual(expect.stringMatching(/^teacher-outputs/));
    // Each epoch has a file, and a longer training of the same replicate adds only its own.
    const filesOf = ({ built }: typeof live) => built.filter((key) => key.startsWith('teacher-outputs'));
    expect(filesOf(cached)).toHaveLength(2);
    await runTfjs(again);
    expect(filesOf(again)).toHaveLength(1);
    const valuesOfEpochs = ({ reports }: typeof live) =>
      reports.slice(0, 2).map(({ values: { epochSeconds: _, ...values } }) => values);
    expect(valuesOfEpochs(cached)).toEqual(valuesOfEpochs(live));
    expect(valuesOfEpochs(again)).toEqual(valuesOfEpochs(live));
    expect(cached.phases.join()).toMatch(/teacher cnn-m for epoch 2\/2: 120\/120 images/);
    expect(live.phases).toContain('training student cnn-s, epoch 2/2, teacher runs live (as the task wants)');
  });

  it('refuses a cache that cannot be before it trains a teacher for it', async () => {
    const context = contextFor({ definition: withTraining({ teacherOutputs: 'cached' }), cacheBytes: 4000 });
    await expect(runTfjs(context)).rejects.toThrow(
      'Cannot cache teacher outputs: outputs for 120 images in 10 classes take 4.8 kB, the cache may hold 4.0 kB, expected',
    );
    expect(context.built.filter((key) => key.startsWith('teacher'))).toEqual([]);
  });

  it('gives the same values for the same seed and others for another, also from a warm workspace', async () => {
    const { selection, ...first } = await valuesOf({ seed: 3 });
    const again = await valuesOf({ seed: 3 });
    const other = await valuesOf({ seed: 4 });
    expect(again).toEqual({ selection, ...first });
    expect(other.loss).not.toBe(first.loss);
  });

  it('lets the parameters of a point override objective and training', async () => {
    const base = await valuesOf({});
    for (const change of [{ lr: 0.01 }, { weight: 0.5 }, { ceWeight: 0 }, { temperature: 4 }, { momentum: 0 }]) {
      expect((await valuesOf({ params: { ...params, ...change } })).loss, JSON.stringify(change)).not.toBe(base.loss);
    }
  });

  it('trains as the task says: augmentation, optimizer, warm-up and last batch, each the same again', async () => {
    const alone = (training: Partial<TaskDefinition['training']>, seed = 1) =>
      valuesOf({
        definition: { ...withTraining(training), teacher: null, objective: { kind: 'ce' } },
        params: {},
        seed,
      });
    const changes: readonly Partial<TaskDefinition['training']>[] = [
      {},
      { augment: 'cropFlip' },
      { augment: 'cropFlip', augmentDraw: 'trial' },
      { optimizer: 'adamw', lr: 0.001 },
      { lrWarmupEpochs: 1 },
      { dropLast: true },
    ];
    const losses: unknown[] = [];
    for (const change of changes) {
      const { loss } = await alone(change);
      expect((await alone(change)).loss, JSON.stringify(change)).toBe(loss);
      losses.push(loss);
    }
    expect(new Set(losses).size).toBe(changes.length);
  });

  it('selects on the test part where the task wants it', async () => {
    const context = contextFor({ definition: { ...definition, selectOn: 'test' } });
    const success = await runTfjs(context);
    expect(success.selectionValue).toBe(success.testValue);
  });

  it('reports the best epoch on the selection part, with its test value, where the task wants it', async () => {
    // A rate that falls apart after the first good epochs would hide the difference; three epochs of a high one show it.
    const context = contextFor({ definition: { ...withTraining({ epochs: 4, lr: 0.15 }), checkpoint: 'best' } });
    const success = await runTfjs(context);
    const values = context.reports.map(({ values: reported }) => reported);
    const best = Math.max(...values.map(({ selection }) => selection!));
    const epoch = values.findIndex(({ selection }) => selection === best);
    expect(success.selectionValue).toBe(best);
    expect(success.testValue).toBe(values[epoch]?.test);
    expect(success.extras.epoch).toBe(epoch + 1);
  });

  it('goes on where an earlier attempt left off, with the same outcome', async () => {
    const options = { definition: { ...withTraining({ epochs: 3 }), checkpoint: 'best' as const }, seed: 9 };
    const path = join(folder.path, 'left-after-1');
    const straight = contextFor({
      ...options,
      onCheckpoint: async (step, capture) => void (step === 1 && (await (await capture())(path))),
    });
    const expected = await runTfjs(straight);
    const resumed = contextFor({ ...options, resume: { step: 1, path } });
    const outcome = await runTfjs(resumed);
    expect(resumed.warnings).toEqual([]);
    expect(resumed.phases).toContain('resumed from epoch 1/3');
    expect(withoutTimes(resumed)).toEqual(withoutTimes(straight).slice(1));
    expect(outcome).toEqual({ ...expected, extras: { ...expected.extras, trainSeconds: expect.any(Number) } });

    const foreign = contextFor({ ...options, seed: 10, resume: { step: 1, path } });
    await runTfjs(foreign);
    expect(foreign.reports.map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(foreign.warnings).toEqual([expect.stringMatching(/starts at the start, not after epoch 1: .*its trial is/)]);
  });

  it('stores the factor of gradNormalised, which is 1 for forward KL', async () => {
    const normalised: TaskDefinition = {
      ...definition,
      objective: { ...objective, scale: 'gradNormalised' },
    };
    const forwardKl = await runTfjs(contextFor({ definition: normalised, params: { alpha: 1, beta: 0 } }));
    expect(forwardKl.scaleFactor).toBeCloseTo(1, 6);
    const squared = await runTfjs(contextFor({ definition: normalised, params: { alpha: 1, beta: 1 } }));
    expect(squared.scaleFactor).toBeGreaterThan(5);
  });

  it('lets a student learn alone, without teacher or divergence', async () => {
    const alone: TaskDefinition = { ...definition, teacher: null, objective: { kind: 'ce' } };
    const context = contextFor({ definition: alone, params: {} });
    const success = await runTfjs(context);
    expect(success.teacherSha256).toBeNull();
    expect(success.extras).not.toHaveProperty('teacherTest');
    expect(Object.keys(context.reports[0]?.values ?? {}).sort()).toEqual(
      ['epochSeconds', 'loss', 'selection', 'studentEntropy', 'test'].sort(),
    );
    expect(context.built).toEqual([]);
  });

  it('ends with NAN_LOSS naming epoch and step where the loss leaves the numbers', async () => {
    const context = contextFor({ definition: withTraining({ lr: 1e30 }) });
    await expect(runTfjs(context)).rejects.toMatchObject({
      name: 'TrialError',
      kind: 'NAN_LOSS',
      message: expect.stringMatching(/epoch 1, step [1-4]/),
    });
  });

  it('stops between two batches when told to', async () => {
    const context = contextFor();
    const running = runTfjs({
      ...context,
      yieldNow: () => {
        context.stop();
        return context.yieldNow();
      },
    });
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(context.reports).toEqual([]);
  });

  it.each([
    ['a dataset that nobody has', { definition: { ...definition, dataset: 'nowhere' } }, /dataset "nowhere"/],
    ['a parameter that the objective does not have', { params: { ...params, gamma: 1 } }, /no parameter "gamma"/],
    ['abkd without beta', { params: { alpha: 1 } }, /beta of abkd is open/],
    ['a temperature of 0', { params: { ...params, temperature: 0 } }, /temperature/],
    ['no teacher for abkd', { definition: { ...definition, teacher: null } }, /no teacher/],
  ])('refuses %s with a reason', async (_, options, reason) => {
    await expect(runTfjs(contextFor(options))).rejects.toThrow(reason);
  });
});

const withoutTimes = ({ reports }: Pick<ReturnType<typeof contextFor>, 'reports'>) =>
  reports.map(({ step, values: { epochSeconds: _, ...values } }) => ({ step, values }));

async function valuesOf(options: Partial<LocalTrialOptions>) {
  const context = contextFor(options);
  await runTfjs(context);
  const { epochSeconds: _, ...values } = context.reports.at(-1)!.values;
  return values;
}
