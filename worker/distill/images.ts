import type { Tensor1D, Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { type BatchOptions, type BatchReader, createBatchReader, type ImageBatch } from '../data/batches.ts';
import type { ImageDataset, ImagePart } from '../data/source.ts';
import type { ClassifierShape } from '../models/classifier.ts';

type ImageShape = Pick<ImageDataset, 'height' | 'width' | 'channels'>;

/** A part of a dataset, ready to be read in batches. */
export interface ImageReader extends BatchReader {
  readonly shape: ImageShape;
}

/** What a model for these images is made for. */
export function shapeOf({ height, channels, classNames }: ImageDataset): ClassifierShape {
  return { imageSize: height, channels, classes: classNames.length };
}

/** Images that are evaluated at once. */
export const evaluationBatchSize = 256;

/** How a part is read; the shape and normalisation are the dataset's. */
export type ReadOptions = Pick<BatchOptions, 'batchSize' | 'augmentation' | 'dropLast'>;

export function createImageReader(
  dataset: ImageShape & Pick<ImageDataset, 'normalisation'>,
  part: ImagePart,
  options: ReadOptions,
): ImageReader {
  const { height, width, channels, normalisation } = dataset;
  const reader = createBatchReader(part, { ...options, height, width, channels, normalisation });
  return { ...reader, shape: { height, width, channels } };
}

/**
 * The images of a batch, `[count, height, width, channels]` float32. The caller disposes it before it reads the next
 * batch, whose pixels come into the same buffer: some backends do not copy.
 */
export function imagesOf(batch: ImageBatch, { height, width, channels }: ImageShape): Tensor4D {
  return tf.tensor4d(batch.pixels, [batch.count, height, width, channels]);
}

/** The classes of a batch, `[count]` int32; the same rule for disposal. */
export function labelsOf(batch: ImageBatch): Tensor1D {
  return tf.tensor1d(batch.labels, 'int32');
}
