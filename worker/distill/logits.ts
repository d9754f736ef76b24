import * as tf from '@tensorflow/tfjs-core';
import type { Classifier } from '../models/classifier.ts';
import type { TrialContext } from '../trial/context.ts';
import { type ImageReader, imagesOf } from './images.ts';

/**
 * A model's logits on all images of a reader as it evaluates them, in their order, batch by batch: `[count, classes]`,
 * row-major. The images are augmented where an epoch (from 1) is given. Keeps no tensor.
 */
export async function* logitsInOrder(
  model: Classifier,
  images: ImageReader,
  context: Pick<TrialContext, 'signal' | 'yieldNow'>,
  epoch?: number,
): AsyncGenerator<Float32Array, void, undefined> {
  for await (const batch of images.inOrder(epoch)) {
    context.signal.throwIfAborted();
    const output = tf.tidy(() => model.forward(imagesOf(batch, images.shape), { training: false }));
    const logits = await output.data<'float32'>();
    output.dispose();
    yield logits;
    await context.yieldNow();
  }
}
