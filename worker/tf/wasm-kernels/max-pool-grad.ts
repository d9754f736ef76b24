/**
 * Gradient of max pooling: the upstream gradient of each window goes to the first of its largest pixels.
 *
 *     dx[n, y*, x*, c] += dy[n, i, j, c]   with (y*, x*) the argmax over the window of (i, j), inside the image
 *
 * Replaces the shipped kernel, which sends it to a wrong pixel where windows overlap beyond the image's border.
 */
import type { KernelConfig, MaxPoolGradAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { asKernelFunc, heapView, type KernelCall } from './backend-access.ts';

type PoolInfo = ReturnType<typeof tf.backend_util.computePool2DInfo>;

export function maxPoolGrad(): KernelConfig {
  return { kernelName: tf.MaxPoolGrad, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

function kernel({ backend, inputs, attrs }: KernelCall<'dy' | 'input', MaxPoolGradAttrs>): TensorInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const shape = inputs.input.shape as [number, number, number, number];
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  const result = backend.makeOutput([...shape], 'float32');
  const dx = heapView(backend, result).fill(0);
  scatter(heapView(backend, inputs.input), heapView(backend, inputs.dy), dx, info);
  return result;
}

function scatter(x: Float32Array, dy: Float32Array, dx: Float32Array, info: PoolInfo): void {
  const { batchSize, inChannels, inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth } = info;
  let at = 0;
  for (let n = 0; n < batchSize; n++) {
    const image = n * inHeight;
    for (let i = 0; i < outHeight; i++) {
      const top = i * strideHeight - info.padInfo.top;
      const firstRow = Math.max(0, top);
      const endRow = Math.min(inHeight, top + info.filterHeight);
      for (let j = 0; j < outWidth; j++) {
        const left = j * strideWidth - info.padInfo.left;
        const firstColumn = Math.max(0, left);
        const endColumn = Math.min(inWidth, left + info.filterWidth);
        for (let c = 0; c < inChannels; c++, at++) {
          let best = ((image + firstRow) * inWidth + firstColumn) * inChannels + c;
          for (let row = firstRow; row < endRow; row++) {
            const start = (image + row) * inWidth;
            for (let column = firstColumn; column < endColumn; column++) {
              const pixel = (start + column) * inChannels + c;
              if (x[pixel]! > x[best]!) best = pixel;
            }
          }
          dx[best]! += dy[at]!;
        }
      }
    }
  }
}
