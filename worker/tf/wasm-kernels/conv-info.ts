import * as tf from '@tensorflow/tfjs-core';

/** Sizes, strides and padding of a 2D convolution. */
export type ConvInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

type Shape4D = [number, number, number, number];
type Pair = number | [number, number];

interface WindowAttributes {
  readonly strides: Pair;
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dilations?: Pair;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dataFormat: 'NHWC' | 'NCHW';
}

/** What the attributes of a convolution, NHWC, mean for an input and a filter. */
export function convInfo(
  inputShape: readonly number[],
  filterShape: readonly number[],
  { strides, pad, dilations = 1, dimRoundingMode }: WindowAttributes,
): ConvInfo {
  const [input, filter] = [inputShape, filterShape] as [Shape4D, Shape4D];
  return tf.backend_util.computeConv2DInfo(input, filter, strides, dilations, pad, dimRoundingMode);
}
