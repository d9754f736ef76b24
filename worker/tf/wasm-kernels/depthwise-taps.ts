import type { DepthwiseConv2dNativeBackpropFilterAttrs } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

export type DepthwiseInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

/** The geometry of a depthwise convolution, NHWC. */
export function depthwiseInfo(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attrs: Pick<DepthwiseConv2dNativeBackpropFilterAttrs, 'strides' | 'dilations' | 'pad' | 'dimRoundingMode'>,
): DepthwiseInfo {
  const { strides, dilations, pad, dimRoundingMode } = attrs;
  const [input, filter] = [inputShape, filterShape] as [Shape4D, Shape4D];
  return tf.backend_util.computeConv2DInfo(input, filter, strides, dilations, pad, dimRoundingMode, true);
}

type Shape4D = [number, number, number, number];

/** Calls `visit` with the first element in x, dy and the filter of each pair of an input and an output pixel that meet. */
export function eachTap(info: DepthwiseInfo, visit: (x: number, dy: number, filter: number) => void): void {
  const { inChannels, outChannels, inHeight, inWidth, outHeight, outWidth, padInfo } = info;
  for (let n = 0; n < info.batchSize; n++) {
    for (let i = 0; i < outHeight; i++) {
      for (let ky = 0; ky < info.filterHeight; ky++) {
        const y = i * info.strideHeight + ky * info.dilationHeight - padInfo.top;
        if (y < 0 || y >= inHeight) continue;
        for (let j = 0; j < outWidth; j++) {
          const dyAt = ((n * outHeight + i) * outWidth + j) * outChannels;
          for (let kx = 0; kx < info.filterWidth; kx++) {
            const x = j * info.strideWidth + kx * info.dilationWidth - padInfo.left;
            if (x < 0 || x >= inWidth) continue;
            visit(((n * inHeight + y) * inWidth + x) * inChannels, dyAt, (ky * info.filterWidth + kx) * outChannels);
          }
        }
      }
    }
  }
}
