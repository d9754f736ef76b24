/** The training that is timed: a trial's own reader, objective, optimizer and trainer, over images made up here. */
import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { ResolvedOf } from '../core/objective.ts';
import { createRandom } from '../core/random.ts';
import type { ImageBatch } from '../worker/data/batches.ts';
import { createMemoryPart } from '../worker/data/parts.ts';
import { createImageReader, type ImageReader, labelsOf } from '../worker/distill/images.ts';
import { objectiveLoss } from '../worker/distill/objective.ts';
import { createOptimizer } from '../worker/distill/optimizer.ts';
import { type TeacherOutputs, teacherLogitsOf } from '../worker/distill/teacher-outputs.ts';
import { trainEpochs, trainStep } from '../worker/distill/trainer.ts';
import type { ClassifierShape } from '../worker/models/classifier.ts';
import { createClassifier } from '../worker/models/registry.ts';
import { createPartClock } from './part-clock.ts';

export interface TrainingWork {
  readonly model: string;
  readonly shape: ClassifierShape;
  readonly batch: number;
}

/** A training that goes on where it stopped. */
export interface Training extends Disposable {
  /** Trainable numbers of the network. */
  readonly parameters: number;
  /** An epoch of so many steps; resolves when all is computed. */
  run(steps: number): Promise<void>;
  /** The part of the time of so many steps that each of their parts takes; they add up to 1. */
  shares(steps: number): Promise<Readonly<Record<string, number>>>;
}

/** The paper's choice for ResNet-56 to ResNet-20 and its weights; no number of it changes the speed. */
const definition: ResolvedOf<'abkd'> = {
  kind: 'abkd',
  temperature: 4,
  weight: 9,
  ceWeight: 1,
  alpha: 0.8,
  beta: 0.3,
  scale: 'raw',
  compat: 'exact',
};

const settings = {
  optimizer: 'sgd',
  momentum: 0.9,
  weightDecay: 5e-4,
  epochs: 1,
  lr: 0.01,
  schedule: 'constant',
  lrWarmupEpochs: 0,
} as const;
const seed = 1;

const context = {
  signal: new AbortController().signal,
  yieldNow: () => new Promise<void>((resolve) => setImmediate(resolve)),
};

export function createTraining({ model: name, shape, batch }: TrainingWork): Training {
  const model = createClassifier(name, shape, seed);
  const optimizer = createOptimizer(model.parameters, settings);
  const clock = createPartClock();
  const lossOf = (outputs: TeacherOutputs) => (studentLogits: Tensor2D, images: ImageBatch, epoch: number) => {
    const teacherLogits = clock.time('teacher', () => teacherLogitsOf(outputs, images));
    return objectiveLoss(
      { definition, scaleFactor: 1 },
      { teacherLogits, studentLogits, labels: labelsOf(images), epoch },
    );
  };
  const timedOptimizer: typeof optimizer = {
    ...optimizer,
    step: (gradients, rate) => clock.time('optimizer', () => optimizer.step(gradients, rate)),
  };
  return {
    parameters: model.parameters.reduce((sum, { size }) => sum + size, 0),
    run: async (steps) => {
      const { images, outputs } = createData(shape, batch, steps);
      for await (const _ of trainEpochs({ model, images, lossOf: lossOf(outputs), settings, seed, context }));
    },
    shares: async (steps) => {
      const { images, outputs } = createData(shape, batch, steps);
      const run = { model, images, lossOf: lossOf(outputs) };
      clock.reset();
      for await (const read of clock.timeEach('data', images.shuffled(seed, 1))) {
        const { loss, divergence } = clock.time('student', () =>
          trainStep(run, timedOptimizer, read, { epoch: 1, rate: settings.lr }),
        );
        tf.dispose([loss, ...(divergence === null ? [] : [divergence])]);
      }
      return clock.shares();
    },
    [Symbol.dispose]: () => {
      optimizer.dispose();
      model.dispose();
    },
  };
}

interface TrainingData {
  readonly images: ImageReader;
  readonly outputs: TeacherOutputs;
}

/** Noise: so many batches of images, augmented as the recipes do, and what a teacher would say of each. */
function createData({ imageSize, channels, classes }: ClassifierShape, batch: number, steps: number): TrainingData {
  const random = createRandom(seed);
  const count = steps * batch;
  const imageBytes = imageSize * imageSize * channels;
  const words = Uint32Array.from({ length: Math.ceil((count * imageBytes) / 4) }, () => random.integer(2 ** 32));
  const labels = Int32Array.from({ length: count }, (_, image) => image % classes);
  const part = createMemoryPart(new Uint8Array(words.buffer), labels, imageBytes);
  const perChannel = (value: number) => new Array<number>(channels).fill(value);
  const dataset = {
    ...{ height: imageSize, width: imageSize, channels },
    normalisation: { mean: perChannel(0.5), std: perChannel(0.25) },
  };
  const augmentation = { kind: 'cropFlip', seed } as const;
  return {
    images: createImageReader(dataset, part, { batchSize: batch, augmentation, dropLast: true }),
    outputs: {
      ...{ teacherSha256: '', classes, testAccuracy: 0 },
      logits: Float32Array.from({ length: count * classes }, () => random.normal()),
    },
  };
}
