import * as tf from '@tensorflow/tfjs-core';
import type { Normalisation } from '../data/source.ts';
import type { Classifier } from './classifier.ts';

/**
 * The model for images that are normalised as `given`, where its weights expect them as `wanted`: per channel,
 * (x · std + mean - wanted mean) / wanted std. It shares the variables of `model`; disposing one disposes both.
 */
export function renormalised(model: Classifier, given: Normalisation, wanted: Normalisation): Classifier {
  if (given.mean.join() === wanted.mean.join() && given.std.join() === wanted.std.join()) return model;
  const scale = wanted.std.map((std, channel) => given.std[channel]! / std);
  const shift = wanted.mean.map((mean, channel) => (given.mean[channel]! - mean) / wanted.std[channel]!);
  return {
    ...model,
    forward: (images, options) =>
      tf.tidy(() => model.forward(tf.add(tf.mul(images, tf.tensor1d(scale)), tf.tensor1d(shift)), options)),
  };
}
