/** The training that is timed: a trial's own reader, objective, optimizer and trainer, over images made up here. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom } from '../core/random.ts';
import type { ImageBatch } from '../worker/data/batches.ts';
import { createMemoryPart } from '../worker/data/parts.ts';
import { createOptimizer } from '../worker/distill/create-optimizer.ts';
import { createImageReader, type ImageReader, labelsOf } from '../worker/distill/images.ts';
import { type LogitRows, type LogitShape, openLogitRows, writeLogitRows } from '../worker/distill/logit-rows.ts';
import { objectiveLoss, type ResolvedObjective } from '../worker/distill/objective.ts';
import { trainEpochs, trainStep } from '../worker/distill/trainer.ts';
import type { ClassifierShape } from '../worker/models/classifier.ts';
import { createClassifier } from '../worker/models/registry.ts';
import { createPartClock, type PartClock } from './part-clock.ts';
import { type Times, timed } from './timed.ts';

export interface TrainingWork {
  readonly model: string;
  readonly shape: ClassifierShape;
  readonly batch: number;
}

/** A training that goes on where it stopped. */
export interface Training extends Disposable {
  /** Trainable numbers of the network. */
  readonly parameters: number;
  /** An epoch of so many steps, till all is computed; the data are made before. */
  run(steps: number): Promise<Times>;
  /** The part of the time of so many steps that each of their parts takes; they add up to 1. */
  shares(steps: number): Promise<Readonly<Record<string, number>>>;
}

/** The paper's choice for ResNet-56 to ResNet-20; no number of it changes the speed. */
const objective: ResolvedObjective = {
  definition: {
    ...{ kind: 'abkd', alpha: 0.8, beta: 0.3 },
    ...{ temperature: 4, weight: 9, ceWeight: 1, scale: 'raw', compat: 'exact' },
  },
  scaleFactor: 1,
};

const settings = {
  optimizer: 'sgd',
  momentum: 0.9,
  weightDecay: 5e-4,
  epochs: 1,
  // Noise is not learnt: the loss must only stay finite for as long as it is timed.
  lr: 0.001,
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
  const timedOptimizer: typeof optimizer = {
    ...optimizer,
    step: (gradients, rate) => clock.time('optimizer', () => optimizer.step(gradients, rate)),
  };
  const prepare = async (steps: number) => {
    const { images, outputs } = await createData(shape, batch, steps);
    const taught = follow(images, outputs, shape.classes, clock);
    const lossOf = (studentLogits: Tensor2D, read: ImageBatch, epoch: number) =>
      objectiveLoss(objective, { teacherLogits: taught.logits(), studentLogits, labels: labelsOf(read), epoch });
    return { model, images: taught.images, lossOf, [Symbol.dispose]: () => taught[Symbol.dispose]() };
  };
  return {
    parameters: model.parameters.reduce((sum, { size }) => sum + size, 0),
    run: async (steps) => {
      using data = await prepare(steps);
      return timed(async () => {
        for await (const _ of trainEpochs({ ...data, settings, seed, context }));
      });
    },
    shares: async (steps) => {
      using data = await prepare(steps);
      clock.reset();
      for await (const read of data.images.shuffled(seed, 1)) {
        const { loss, divergence } = clock.time('student', () =>
          trainStep(data, timedOptimizer, read, { epoch: 1, rate: settings.lr }),
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

/** The reader with the teacher's logits of each batch, as worker/distill/teaching.ts reads them from the cache. */
function follow(images: ImageReader, outputs: LogitRows, classes: number, clock: PartClock) {
  let current: Tensor2D | null = null;
  const read = async ({ indices, count }: ImageBatch) => {
    const rows = new Float32Array(count * classes);
    await outputs.read(indices, rows);
    return tf.tensor2d(rows, [count, classes]);
  };
  return {
    images: {
      ...images,
      shuffled: async function* (order: number, epoch: number) {
        for await (const batch of clock.timeEach('data', images.shuffled(order, epoch))) {
          current?.dispose();
          current = await clock.timeAsync('teacher', () => read(batch));
          yield batch;
        }
      },
    },
    logits: () => current!,
    [Symbol.dispose]: () => void current?.dispose(),
  };
}

interface TrainingData {
  readonly images: ImageReader;
  readonly outputs: LogitRows;
}

/** Noise: so many batches of images, augmented as the recipes do, and what a teacher would say of each. */
async function createData(
  { imageSize, channels, classes }: ClassifierShape,
  batch: number,
  steps: number,
): Promise<TrainingData> {
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
    outputs: await cacheOutputs({ images: count, classes }, () => random.normal()),
  };
}

/** A file of teacher outputs, written and opened as the cache does; it is gone when it is closed. */
async function cacheOutputs(shape: LogitShape, draw: () => number): Promise<LogitRows> {
  const folder = await mkdtemp(join(tmpdir(), 'abkd-bench-'));
  const path = join(folder, 'outputs');
  async function* rows() {
    yield Float32Array.from({ length: shape.images * shape.classes }, draw);
  }
  try {
    await writeLogitRows(path, shape, rows());
    // Held in memory up to 64 MB, so that the file may go.
    return await openLogitRows(path, shape);
  } finally {
    await rm(folder, { recursive: true });
  }
}
