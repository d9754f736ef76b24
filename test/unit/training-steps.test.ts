/** What a training of many steps must keep: as many tensors, and the same weights for the same seed. */
import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { ImageBatch } from '../../worker/data/batches.ts';
import { createMemoryPart } from '../../worker/data/parts.ts';
import { createOptimizer } from '../../worker/distill/create-optimizer.ts';
import { createImageReader, labelsOf } from '../../worker/distill/images.ts';
import { objectiveLoss } from '../../worker/distill/objective.ts';
import { trainEpochs, trainStep } from '../../worker/distill/trainer.ts';
import { createClassifier } from '../../worker/models/registry.ts';
import { initBackend } from '../../worker/tf/backend.ts';

beforeAll(() => initBackend('wasm'));

const classes = 4;
const shape = { imageSize: 8, channels: 3, classes };
const batchSize = 4;
const settings = {
  momentum: 0.9,
  weightDecay: 5e-4,
  epochs: 2,
  lr: 0.01,
  schedule: 'cosine',
  lrWarmupEpochs: 0,
} as const;
const objective = {
  definition: {
    kind: 'abkd',
    temperature: 4,
    weight: 2,
    ceWeight: 1,
    alpha: 0.6,
    beta: 0.5,
    scale: 'raw',
    compat: 'exact',
  },
  scaleFactor: 1,
} as const;

/** Augmented noise, so many batches of it. */
function noise(batches: number) {
  const random = createRandom(3);
  const count = batches * batchSize;
  const pixels = Uint8Array.from({ length: count * 192 }, () => random.integer(256));
  const part = createMemoryPart(
    pixels,
    Int32Array.from({ length: count }, (_, image) => image % classes),
    192,
  );
  const normalisation = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
  const augmentation = { kind: 'cropFlip', seed: 5 } as const;
  return createImageReader({ height: 8, width: 8, channels: 3, normalisation }, part, { batchSize, augmentation });
}

/** The teacher says something else of every image. */
function lossOf(studentLogits: Tensor2D, batch: ImageBatch, epoch: number) {
  const rows = Array.from(batch.indices, (image) => Array.from({ length: classes }, (_, k) => Math.sin(image + 2 * k)));
  return objectiveLoss(objective, { teacherLogits: tf.tensor2d(rows), studentLogits, labels: labelsOf(batch), epoch });
}

it.each([
  ['sgd', 200],
  ['adamw', 20],
] as const)(
  'a residual network under %s has as many tensors in its third step as in step %d',
  async (optimizer, length) => {
    const before = tf.memory().numTensors;
    const model = createClassifier('resnet8', shape, 1);
    const steps = createOptimizer(model.parameters, { ...settings, optimizer });
    const images = noise(length);
    const counts: number[] = [];
    for await (const batch of images.shuffled(1, 1)) {
      const { loss, divergence } = trainStep({ model, images, lossOf }, steps, batch, { epoch: 1, rate: 0.01 });
      tf.dispose([loss, divergence!]);
      counts.push(tf.memory().numTensors);
    }
    expect(counts).toHaveLength(length);
    expect(new Set(counts.slice(2))).toEqual(new Set([counts[2]]));
    steps.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  },
);

/** Weights and running statistics after 50 steps, bit for bit. */
async function trainedBits(optimizer: 'sgd' | 'adamw'): Promise<Int32Array> {
  const model = createClassifier('resnet8', shape, 7);
  const context = { signal: new AbortController().signal, yieldNow: async () => undefined };
  const run = { model, images: noise(25), lossOf, settings: { ...settings, optimizer }, seed: 7, context };
  let steps = 0;
  for await (const _ of trainEpochs(run)) steps += run.images.batchesPerEpoch;
  expect(steps).toBe(50);
  const values = await Promise.all([...model.parameters, ...model.buffers.values()].map((variable) => variable.data()));
  model.dispose();
  return new Int32Array(Float32Array.from(values.flatMap((tensor) => Array.from(tensor))).buffer);
}

it.each(['sgd', 'adamw'] as const)(
  '50 steps with %s give the same weights for the same seed, bit for bit',
  async (optimizer) => {
    const first = await trainedBits(optimizer);
    expect(await trainedBits(optimizer)).toEqual(first);
  },
);
