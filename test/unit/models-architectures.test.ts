import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { availableModels } from '../../core/catalog/models.ts';
import { architectures } from '../../worker/models/architectures.ts';
import type { Classifier } from '../../worker/models/classifier.ts';
import { drawnValues, type InitialValues, zeroValues } from '../../worker/models/initial-values.ts';
import { createNetwork } from '../../worker/models/network.ts';
import { classifierNames } from '../../worker/models/registry.ts';
import { loadStateDict } from '../../worker/models/weights/load.ts';
import { initBackend } from '../../worker/tf/backend.ts';
import { hashedImages, hashedStateDict } from '../support/hashed-weights.ts';
import { relativeError } from '../support/layers-reference.ts';
import { torchLogits } from '../support/vectors/torch-logits.ts';

beforeAll(async () => {
  await initBackend('wasm');
});

function create(name: string, initial: InitialValues = zeroValues, imageSize = 32): Classifier & Disposable {
  const architecture = architectures.find((candidate) => candidate.name === name)!;
  const model = createNetwork(architecture, { imageSize, channels: 3, classes: 100 }, initial);
  return { ...model, [Symbol.dispose]: () => model.dispose() };
}

/** With 100 classes. ABKD's facts, and RepDistiller's networks counted in PyTorch. */
const parameterCounts: Readonly<Record<string, number>> = {
  resnet8: 83_892,
  resnet20: 278_324,
  resnet32: 472_756,
  resnet44: 667_188,
  resnet56: 861_620,
  resnet110: 1_736_564,
  resnet8x4: 1_233_540,
  resnet32x4: 7_433_860,
  'wrn-16-1': 180_916,
  'wrn-16-2': 703_284,
  'wrn-40-1': 569_780,
  'wrn-40-2': 2_255_156,
  vgg8: 3_965_028,
  vgg11: 9_277_284,
  vgg13: 9_462_180,
  vgg16: 14_774_436,
  vgg19: 20_086_692,
  mobilenetv2: 812_836,
  shufflenetv1: 949_258,
  shufflenetv2: 1_355_528,
  resnet50: 23_705_252,
};

test.each(Object.entries(parameterCounts))('%s has the published %i trainable parameters', (name, count) => {
  using model = create(name);
  expect(model.parameters.reduce((sum, { size }) => sum + size, 0)).toBe(count);
  expect(new Set([...model.parameterNames, ...model.buffers.keys()]).size).toBe(
    model.parameters.length + model.buffers.size,
  );
});

test.each(Object.entries(torchLogits))(
  '%s gives the logits that PyTorch gives for the same weights',
  (name, expected) => {
    const { imageSize } = expected;
    using model = create(name, zeroValues, imageSize);
    loadStateDict(model, hashedStateDict(model), 'hashed weights');
    const images = tf.tensor4d(hashedImages(4, imageSize), [4, imageSize, imageSize, 3]);
    const firstLogits = (training: boolean) =>
      tf.tidy(() => model.forward(images, { training }).dataSync<'float32'>()).slice(0, 5);
    expect(relativeError(firstLogits(false), expected.evaluation)).toBeLessThan(1e-4);
    // Normalising by a batch of four amplifies float32's rounding.
    expect(relativeError(firstLogits(true), expected.training)).toBeLessThan(1e-3);
    images.dispose();
  },
);

test.each(['resnet8', 'wrn-16-1', 'vgg8', 'mobilenetv2', 'shufflenetv1', 'shufflenetv2'])(
  'a training step of %s reaches every parameter and running statistic and leaves no tensor behind',
  (name) => {
    using model = create(name, drawnValues(1), 16);
    const images = tf.randomNormal<tf.Rank.R4>([4, 16, 16, 3], 0, 1, 'float32', 3);
    const before = tf.memory().numTensors;
    const unchanged = [...model.buffers].map(([buffer, variable]) => [buffer, variable.dataSync().slice()] as const);
    const unreached = tf.tidy(() => {
      const { grads } = tf.variableGrads(
        () => tf.mean(tf.square(model.forward(images, { training: true }))),
        [...model.parameters],
      );
      return model.parameterNames.filter((_, i) => {
        const gradient = grads[model.parameters[i]!.name]!.dataSync();
        return !gradient.some((value) => value !== 0) || !gradient.every(Number.isFinite);
      });
    });
    expect(unreached).toEqual([]);
    for (const [buffer, values] of unchanged) {
      expect(model.buffers.get(buffer)!.dataSync(), buffer).not.toEqual(values);
    }
    expect(tf.memory().numTensors).toBe(before);
    images.dispose();
  },
);

test('the same seed draws the same weights, another seed others, with the variance of its rule', () => {
  using first = create('resnet8', drawnValues(5));
  using same = create('resnet8', drawnValues(5));
  using other = create('resnet8', drawnValues(6));
  const weight = (model: Classifier) =>
    model.parameters[model.parameterNames.indexOf('layer3.0.conv2.weight')]!.dataSync<'float32'>();
  expect(weight(same)).toEqual(weight(first));
  expect(weight(other)).not.toEqual(weight(first));
  const variance = weight(first).reduce((sum, value) => sum + value ** 2, 0) / weight(first).length;
  // 36 864 draws: the relative deviation of their variance is √(2 / 36 864) = 0.0074.
  expect(variance / (2 / (9 * 64))).toBeCloseTo(1, 1);
});

test('option-A shortcuts refuse images that cannot be halved twice', () => {
  expect(() => create('resnet20-a', zeroValues, 30)).toThrow(
    'Cannot build model "resnet20-a" for images of 30 pixels: expected a multiple of 4',
  );
});

test('the catalogue offers exactly the models that can be built', () => {
  expect([...availableModels].sort()).toEqual([...classifierNames].sort());
});

test('disposing a model frees every tensor', () => {
  const before = tf.memory().numTensors;
  create('shufflenetv2').dispose();
  expect(tf.memory().numTensors).toBe(before);
});
