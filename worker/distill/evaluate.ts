import * as tf from '@tensorflow/tfjs-core';
import type { Classifier } from '../models/classifier.ts';
import type { TrialContext } from '../trial/context.ts';
import { meanEntropy } from './diagnostics.ts';
import { type ImageReader, imagesOf } from './images.ts';

export interface Evaluation {
  /** Percent of the images whose largest logit is that of their class, 0..100. */
  readonly top1: number;
  /** Mean Shannon entropy of the softmax at T = 1, nats; NaN where a logit is NaN. */
  readonly entropy: number;
  /** The same at the temperature that was asked for; null where none was. */
  readonly entropyAtT: number | null;
}

/** Top-1 accuracy and entropy of a model over all images of a reader. Keeps no tensor. */
export async function evaluate(
  model: Classifier,
  images: ImageReader,
  context: Pick<TrialContext, 'signal' | 'yieldNow'>,
  temperature: number | null = null,
): Promise<Evaluation> {
  let correct = 0;
  let entropy = 0;
  let entropyAtT = 0;
  let count = 0;
  for await (const batch of images.inOrder()) {
    context.signal.throwIfAborted();
    const output = tf.tidy(() => model.forward(imagesOf(batch, images.shape), { training: false }));
    const logits = await output.data<'float32'>();
    output.dispose();
    const classes = logits.length / batch.count;
    correct += countCorrect(logits, batch.labels, classes);
    entropy += batch.count * meanEntropy(logits, classes);
    if (temperature !== null) entropyAtT += batch.count * meanEntropy(logits, classes, temperature);
    count += batch.count;
    await context.yieldNow();
  }
  return {
    top1: (100 * correct) / count,
    entropy: entropy / count,
    entropyAtT: temperature === null ? null : entropyAtT / count,
  };
}

/** Of equal logits the first counts. */
function countCorrect(logits: Float32Array, labels: Int32Array, classes: number): number {
  let correct = 0;
  for (let row = 0; row < labels.length; row += 1) {
    let best = 0;
    for (let k = 1; k < classes; k += 1) {
      if (logits[row * classes + k]! > logits[row * classes + best]!) best = k;
    }
    if (best === labels[row]) correct += 1;
  }
  return correct;
}
