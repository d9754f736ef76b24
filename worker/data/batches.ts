import { createRandom, deriveSeed } from '../../core/random.ts';
import { type Augmentation, createAugmenter } from './augment.ts';
import { createNormaliser } from './normalise.ts';
import type { ImagePart, Normalisation } from './source.ts';

/** One batch. Its arrays are views of buffers that the next batch overwrites: copy or consume them before. */
export interface ImageBatch {
  readonly count: number;
  /** Epoch that is read, from 1: what augmented images depend on. 0 where they are read as they lie in the part. */
  readonly epoch: number;
  /** Normalised, row-major `[count, height, width, channels]`. */
  readonly pixels: Float32Array;
  /** Class of each image, `[count]`. */
  readonly labels: Int32Array;
  /** Place of each image in the part, `[count]`: what cached teacher outputs are looked up by. */
  readonly indices: Int32Array;
}

/** Reads a part in batches, epoch after epoch, through one set of buffers; one iteration at a time. */
export interface BatchReader {
  /** Batches of a shuffled epoch: the last one is smaller where the part is no multiple of the batch size. */
  readonly batchesPerEpoch: number;
  /** All images once but for what `dropLast` leaves out, in an order drawn from (seed, epoch), augmented for the epoch. */
  shuffled(seed: number, epoch: number): AsyncGenerator<ImageBatch, void, undefined>;
  /** All images once, in the order of the part, augmented where an epoch (from 1) is given. */
  inOrder(epoch?: number): AsyncGenerator<ImageBatch, void, undefined>;
}

export interface BatchOptions {
  readonly batchSize: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly normalisation: Normalisation;
  /** How images are varied; null = not at all. @default null */
  readonly augmentation?: Augmentation | null;
  /** Leaves out a last batch of a shuffled epoch that is not full, unless it is the only one. @default false */
  readonly dropLast?: boolean;
}

/** A reader of `part`; the shape and normalisation are those of its dataset. */
export function createBatchReader(part: ImagePart, options: BatchOptions): BatchReader {
  const { augmentation = null, dropLast = false } = options;
  const size = Math.min(options.batchSize, part.count);
  const imageBytes = options.height * options.width * options.channels;
  const raw = new Uint8Array(size * imageBytes);
  const augmented = new Uint8Array(augmentation === null ? 0 : raw.length);
  const pixels = new Float32Array(raw.length);
  const labels = new Int32Array(size);
  const indices = new Int32Array(size);
  const normalise = createNormaliser(options.normalisation, options.channels);
  const allBatches = Math.ceil(part.count / size);
  const batchesPerEpoch = dropLast ? Math.floor(part.count / size) : allBatches;

  async function* iterate(
    order: ArrayLike<number>,
    batches: number,
    epoch: number,
  ): ReturnType<BatchReader['inOrder']> {
    const augment = augmentation === null || epoch === 0 ? null : createAugmenter(augmentation, epoch, options);
    for (let batch = 0; batch < batches; batch += 1) {
      const start = batch * size;
      const count = Math.min(size, part.count - start);
      for (let i = 0; i < count; i += 1) {
        indices[i] = order[start + i]!;
        labels[i] = part.labels[indices[i]!]!;
      }
      const read = raw.subarray(0, count * imageBytes);
      const chosen = indices.subarray(0, count);
      await part.readPixels(chosen, read);
      augment?.(read, chosen, augmented);
      normalise(augment === null ? read : augmented.subarray(0, read.length), pixels);
      const views = { pixels: pixels.subarray(0, read.length), labels: labels.subarray(0, count), indices: chosen };
      yield { count, epoch, ...views };
    }
  }

  return {
    batchesPerEpoch,
    shuffled: (seed, epoch) =>
      iterate(createRandom(deriveSeed('shuffle', seed, epoch)).permutation(part.count), batchesPerEpoch, epoch),
    inOrder: (epoch = 0) =>
      iterate(
        Int32Array.from({ length: part.count }, (_, index) => index),
        allBatches,
        epoch,
      ),
  };
}
