import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ResolvedOf } from '../../core/objective.ts';
import { createRandom } from '../../core/random.ts';
import type { ImageDataset, ImagePart } from '../../worker/data/source.ts';
import { evaluate } from '../../worker/distill/evaluate.ts';
import { createImageReader } from '../../worker/distill/images.ts';
import { labelsOnly, objectiveLoss } from '../../worker/distill/objective.ts';
import { crossEntropy } from '../../worker/distill/objectives/ce.ts';
import { resolveTrial } from '../../worker/distill/resolve.ts';
import { scaleFactor } from '../../worker/distill/scale-factor.ts';
import { rateFactor } from '../../worker/distill/schedule.ts';
import { createSgd } from '../../worker/distill/sgd.ts';
import { trainEpochs } from '../../worker/distill/trainer.ts';
import { createClassifier } from '../../worker/models/registry.ts';
import { initBackend } from '../../worker/tf/backend.ts';
import { abReference } from '../support/ab-reference.ts';

beforeAll(() => initBackend('wasm'));

let tensorsBefore = 0;
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

const abkd: ResolvedOf<'abkd'> = {
  kind: 'abkd',
  temperature: 2,
  weight: 3,
  ceWeight: 0.5,
  scale: 'raw',
  compat: 'exact',
  alpha: 0.5,
  beta: 0.25,
};
const studentRows = [
  [0.5, 0.2, 0],
  [0.1, 0.4, -0.3],
];
const labels = [0, 2];

function softmax(logits: readonly number[]): number[] {
  const weights = logits.map(Math.exp);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const expectedCe = meanOf(studentRows.map((row, i) => -Math.log(softmax(row)[labels[i]!]!)));

it('crossEntropy() has the gradient (softmax - onehot) / batch, also where a probability underflows', () => {
  const rows = [...studentRows, [200, -200, 0]];
  const classes = [...labels, 1];
  const { value, gradient } = tf.tidy(() => {
    const result = tf.valueAndGrad((logits: tf.Tensor) =>
      crossEntropy(tf.tensor1d(classes, 'int32'), logits as tf.Tensor2D),
    )(tf.tensor2d(rows));
    return { value: result.value.dataSync()[0]!, gradient: result.grad.arraySync() as number[][] };
  });
  expect(value).toBeCloseTo((2 * expectedCe + 400) / 3, 4);
  for (const [i, row] of rows.entries()) {
    for (const [k, probability] of softmax(row).entries()) {
      expect(gradient[i]![k]).toBeCloseTo((probability - (k === classes[i] ? 1 : 0)) / 3, 6);
    }
  }
});

it('createSgd() moves parameters as PyTorch does, with momentum and weight decay', () => {
  // torch.optim.SGD([w], lr, momentum=0.9, weight_decay=0.1) on these gradients, in float64 by its definition.
  const gradients = [
    [1, -2],
    [0.5, 0.5],
    [-1, 0],
  ] as const;
  const rates = [0.1, 0.1, 0.05];
  const expected = [3, -1];
  const velocity = [0, 0];
  const parameter = tf.tidy(() => tf.variable(tf.tensor1d(expected)));
  const optimizer = createSgd([parameter], { momentum: 0.9, weightDecay: 0.1 });
  for (const [step, gradient] of gradients.entries()) {
    tf.tidy(() => optimizer.step({ [parameter.name]: tf.tensor1d([...gradient]) }, rates[step]!));
    for (const k of [0, 1]) {
      velocity[k] = 0.9 * velocity[k]! + gradient[k]! + 0.1 * expected[k]!;
      expected[k]! -= rates[step]! * velocity[k]!;
    }
  }
  for (const [k, value] of parameter.dataSync().entries()) expect(value).toBeCloseTo(expected[k]!, 6);
  optimizer.dispose();
  parameter.dispose();
});

describe('rateFactor()', () => {
  const factors = (schedule: 'constant' | 'cosine' | 'step', totalSteps: number, warmupSteps = 0) =>
    Array.from({ length: totalSteps }, (_, step) => rateFactor(schedule, step, { totalSteps, warmupSteps }));

  it('stays at 1 for constant', () => {
    expect(new Set(factors('constant', 100))).toEqual(new Set([1]));
  });

  it('falls along half a cosine', () => {
    const cosine = factors('cosine', 100);
    expect(cosine[0]).toBe(1);
    expect(cosine[50]).toBeCloseTo(0.5, 12);
    expect(cosine[99]).toBeLessThan(0.001);
  });

  it('divides by 10 exactly after 150, 180 and 210 of 240 epochs for step, whatever the steps of an epoch', () => {
    for (const stepsPerEpoch of [1, 7, 781]) {
      const step = factors('step', 240 * stepsPerEpoch);
      const changes = step.flatMap((factor, i) => (i > 0 && factor !== step[i - 1] ? [i / stepsPerEpoch] : []));
      expect(changes).toEqual([150, 180, 210]);
      expect(changes.map((epoch) => Math.round(1 / step[epoch * stepsPerEpoch]!))).toEqual([10, 100, 1000]);
    }
  });

  it('grows linearly over a warm-up, then follows the schedule: the cosine over what is left, steps unmoved', () => {
    for (const schedule of ['constant', 'cosine', 'step'] as const) {
      expect(factors(schedule, 16, 4).slice(0, 4)).toEqual([0.25, 0.5, 0.75, 1]);
      expect(factors(schedule, 4, 4)[3]).toBeGreaterThan(0);
    }
    expect(factors('cosine', 16, 4).slice(4)).toEqual(factors('cosine', 12));
    expect(factors('step', 16, 4).slice(4)).toEqual(factors('step', 16).slice(4));
  });
});

describe('scaleFactor()', () => {
  const random = createRandom(9);
  const rows = Array.from({ length: 1100 }, () => Array.from({ length: 5 }, () => 4 * random.normal()));
  const teacher = { logits: Float32Array.from(rows.flat()), classes: 5 };

  it.each([
    [0.3, 0],
    [1, 1],
    [0, 0],
    [-0.2, 0.7],
  ])('is the ratio of gradient norms over the first 1024 outputs at (%d, %d)', async (alpha, beta) => {
    const total = (a: number, b: number) =>
      rows.slice(0, 1024).reduce((sum, row) => {
        const { gradient } = abReference(row, [0, 0, 0, 0, 0], { alpha: a, beta: b, temperature: 4 });
        return sum + Math.hypot(...gradient);
      }, 0);
    const factor = await scaleFactor({ ...abkd, alpha, beta, temperature: 4 }, teacher);
    expect(factor / (total(1, 0) / total(alpha, beta))).toBeCloseTo(1, 5);
  });

  it('undoes the factor of the published code', async () => {
    const at = { ...abkd, alpha: 0.5, beta: 0, temperature: 4 };
    const exact = await scaleFactor({ ...at, compat: 'exact' }, teacher);
    const published = await scaleFactor({ ...at, compat: 'abkdRef' }, teacher);
    expect(published / exact).toBeCloseTo(2, 5);
  });
});

describe('resolveTrial()', () => {
  const objective = { ...abkd, alpha: null, beta: 0.5 };
  const training = {
    epochs: 2,
    batchSize: 8,
    optimizer: 'sgd' as const,
    lr: 0.1,
    momentum: 0.9,
    weightDecay: 0,
    schedule: 'constant' as const,
    lrWarmupEpochs: 0,
    augment: 'none' as const,
    augmentDraw: 'replicate' as const,
    dropLast: false,
    teacherOutputs: 'auto' as const,
    imageSize: 28,
    limitTrain: null,
    limitVal: null,
    limitTest: null,
  };

  it('lays the parameters of a point over the fixed values', () => {
    const resolved = resolveTrial({ objective, training }, { alpha: 0.25, lr: 0.01, weight: 7 });
    expect(resolved.objective).toEqual({ ...objective, alpha: 0.25, weight: 7 });
    expect(resolved.training).toEqual({ ...training, lr: 0.01 });
  });

  it.each([
    [{ alpha: 1, gamma: 1 }, 'no parameter "gamma"'],
    [{}, 'alpha of abkd is open'],
    [{ alpha: 1, lr: -1 }, 'lr: '],
    [{ alpha: Number.NaN }, 'alpha: '],
    [{ alpha: 1, temperature: 0, weight: -1 }, /temperature: .+; weight: /],
  ])('refuses %o', (params, reason) => {
    expect(() => resolveTrial({ objective, training }, params)).toThrow(reason);
  });
});

/** 40 images of 8x8: class 1 is bright at the top, class 0 at the bottom. */
function stripes(): ImageDataset {
  const random = createRandom(1);
  const labelOf = (index: number) => index % 2;
  const pixels = Array.from({ length: 40 }, (_, index) =>
    Uint8Array.from({ length: 64 }, (__, at) => (at < 32 === (labelOf(index) === 1) ? 200 : 30) + random.integer(50)),
  );
  const part: ImagePart = {
    count: 40,
    labels: Int32Array.from({ length: 40 }, (_, index) => labelOf(index)),
    readPixels: async (indices, out) => {
      for (let slot = 0; slot < indices.length; slot += 1) out.set(pixels[indices[slot]!]!, slot * 64);
    },
  };
  return {
    name: 'stripes',
    classNames: ['bottom', 'top'],
    height: 8,
    width: 8,
    channels: 1,
    train: part,
    val: null,
    test: part,
    normalisation: { mean: [0.5], std: [0.25] },
    description: 'stripes',
    identity: 'stripes/8px',
  };
}

/** A classifier trained on stripes with cross-entropy; `signal` and settings may be changed. */
async function train(options: { seed?: number; lr?: number; signal?: AbortSignal; afterEpoch?: () => void } = {}) {
  const dataset = stripes();
  const context = {
    signal: options.signal ?? new AbortController().signal,
    yieldNow: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
  const model = createClassifier('cnn-s', { imageSize: 8, channels: 1, classes: 2 }, 1);
  const losses: number[] = [];
  try {
    const epochs = trainEpochs({
      model,
      images: createImageReader(dataset, dataset.train, { batchSize: 16 }),
      lossOf: (studentLogits, batch, epoch) => {
        const classes = tf.tensor1d(batch.labels, 'int32');
        return objectiveLoss(labelsOnly, { teacherLogits: null, studentLogits, labels: classes, epoch });
      },
      settings: {
        optimizer: 'sgd' as const,
        lrWarmupEpochs: 0,
        epochs: 3,
        lr: options.lr ?? 0.02,
        momentum: 0.9,
        weightDecay: 0,
        schedule: 'cosine',
      },
      seed: options.seed ?? 1,
      context,
    });
    for await (const { loss } of epochs) {
      losses.push(loss);
      options.afterEpoch?.();
    }
    return { losses, ...(await evaluate(model, createImageReader(dataset, dataset.test, { batchSize: 16 }), context)) };
  } finally {
    model.dispose();
  }
}

describe('trainEpochs()', () => {
  it('learns, evaluated in percent and nats', async () => {
    const { losses, top1, entropy } = await train();
    expect(losses).toHaveLength(3);
    expect(losses[2]).toBeLessThan(losses[0]!);
    expect(top1).toBe(100);
    expect(entropy).toBeGreaterThan(0);
    expect(entropy).toBeLessThan(Math.log(2));
  });

  it('gives the same losses for the same seed and others for another', async () => {
    const { losses } = await train();
    expect((await train()).losses).toEqual(losses);
    expect((await train({ seed: 2 })).losses).not.toEqual(losses);
  });

  it('keeps as many tensors after every epoch', async () => {
    const counts: number[] = [];
    await train({ afterEpoch: () => void counts.push(tf.memory().numTensors) });
    expect(new Set(counts).size).toBe(1);
  });

  it('ends with NAN_LOSS naming epoch and step', async () => {
    await expect(train({ lr: 1e25 })).rejects.toMatchObject({
      kind: 'NAN_LOSS',
      message: expect.stringMatching(/^The loss is (NaN|-?Infinity) at epoch 1, step [123]$/),
    });
  });

  it('ends between batches when told to stop', async () => {
    const stopping = new AbortController();
    const training = train({ signal: stopping.signal, afterEpoch: () => stopping.abort() });
    await expect(training).rejects.toMatchObject({ name: 'AbortError' });
  });
});
