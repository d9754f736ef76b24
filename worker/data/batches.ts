import { createRandom, deriveSeed } from '../../core/random.ts';
import { createNormaliser } from './normalise.ts';
import type { ImagePart, Normalisation } from './source.ts';

/** One batch. Its arrays are views of buffers that the next batch overwrites: copy or consume them before. */
export interface ImageBatch {
  readonly count: number;
  /** Normalised, row-major `[count, height, width, channels]`. */
  readonly pixels: Float32Array;
  /** Class of each image, `[count]`. */
  readonly labels: Int32Array;
  /** Place of each image in the part, `[count]`: what cached teacher outputs are looked up by. */
  readonly indices: Int32Array;
}

/** Reads a part in batches, epoch after epoch, through one set of buffers; one iteration at a time. */
export interface BatchReader {
  /** Batches of an epoch: the last one is smaller where the part is no multiple of the batch size. */
  readonly batchesPerEpoch: number;
  /** All images once, in an order drawn from (seed, epoch). */
  shuffled(seed: number, epoch: number): AsyncGenerator<ImageBatch, void, undefined>;
  /** All images once, in the order of the part. */
  inOrder(): AsyncGenerator<ImageBatch, void, undefined>;
}

export interface BatchOptions {
  readonly batchSize: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly normalisation: Normalisation;
  /** Leaves out a last batch that is not full, unless it is the only one. @default false */
  readonly dropLast?: boolean;
}

/** A reader of `part`; the shape and normalisation are those of its dataset. */
export function createBatchReader(part: ImagePart, options: BatchOptions): BatchReader {
  const size = Math.min(options.batchSize, part.count);
  const imageBytes = options.height * options.width * options.channels;
  const raw = new Uint8Array(size * imageBytes);
  const pixels = new Float32Array(size * imageBytes);
  const labels = new Int32Array(size);
  const indices = new Int32Array(size);
  const normalise = createNormaliser(options.normalisation, options.channels);
  const batchesPerEpoch = Math.max(
    1,
    options.dropLast === true ? Math.floor(part.count / options.batchSize) : Math.ceil(part.count / options.batchSize),
  );

  async function* iterate(order: ArrayLike<number>): AsyncGenerator<ImageBatch, void, undefined> {
    for (let batch = 0; batch < batchesPerEpoch; batch += 1) {
      const start = batch * size;
      const count = Math.min(size, part.count - start);
      for (let i = 0; i < count; i += 1) {
        indices[i] = order[start + i]!;
        labels[i] = part.labels[indices[i]!]!;
      }
      const read = raw.subarray(0, count * imageBytes);
      const chosen = indices.subarray(0, count);
      await part.readPixels(chosen, read);
      normalise(read, pixels);
      yield { count, pixels: pixels.subarray(0, read.length), labels: labels.subarray(0, count), indices: chosen };
    }
  }

  return {
    batchesPerEpoch,
    shuffled: (seed, epoch) => iterate(createRandom(deriveSeed('shuffle', seed, epoch)).permutation(part.count)),
    inOrder: () => iterate(Int32Array.from({ length: part.count }, (_, index) => index)),
  };
}
