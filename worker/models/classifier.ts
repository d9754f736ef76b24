import type { Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-core';

/** A trainable image classifier with its variables in a fixed order. */
export interface Classifier {
  readonly name: string;
  /** Trainable parameters; the order is that of the weight file. */
  readonly parameters: readonly Variable[];
  /** Names of the parameters in weight files, in the same order: `conv1.weight`. */
  readonly parameterNames: readonly string[];
  /**
   * What training changes without gradients, under its names in weight files: the running statistics of batch
   * normalisation, `bn1.running_mean`. They belong to the model as the parameters do.
   */
  readonly buffers: ReadonlyMap<string, Variable>;
  /**
   * Logits `[batch, classes]` float32 for images `[batch, height, width, channels]` float32, normalised.
   * The caller disposes the result (or calls inside `tf.tidy`).
   */
  forward(images: Tensor4D, options: { readonly training: boolean }): Tensor2D;
  dispose(): void;
}

export interface ClassifierShape {
  readonly imageSize: number;
  readonly channels: number;
  readonly classes: number;
}

/** Builds a model with weights drawn from `seed`. Who calls it disposes it. */
export type ClassifierFactory = (shape: ClassifierShape, seed: number) => Classifier;
