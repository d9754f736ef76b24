/**
 * Gradient of a 2D convolution with respect to its filter, which tfjs's WASM backend lacks.
 *
 *     dW[ky, kx, c, o] = sum over n, i, j of x[n, i s + ky - top, j s + kx - left, c] dy[n, i, j, o]
 *
 * As a matrix product: dW [taps c, o] = patches [taps c, n i j] . dy [n i j, o]. The patches are written transposed, so
 * that the product needs no transpose (the shipped product runs at 3 GFLOP/s with `transposeA` and at 34 without), and
 * a few images at a time, so that they stay in the cache. A 1x1 filter with stride 1 needs no patches at all.
 */

import type { Conv2DBackpropFilterAttrs, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { asKernelFunc, free, heapView, type KernelCall, shippedKernel } from './backend-access.ts';

type ConvInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

/** Patches of one chunk are kept below this, float32 elements: 2 MiB, what a core has as second-level cache. */
const maxPatchElements = 1 << 19;

export function conv2dBackpropFilter(): KernelConfig {
  const transpose = shippedKernel('Transpose');
  const matMul = shippedKernel('BatchMatMul');

  function kernel(call: KernelCall<'x' | 'dy', Conv2DBackpropFilterAttrs>): TensorInfo {
    const { backend, inputs, attrs } = call;
    const { x, dy } = inputs;
    const { strides, pad, dimRoundingMode, filterShape } = attrs;
    if (attrs.dataFormat !== 'NHWC')
      throw new Error(`Cannot differentiate convolution of ${attrs.dataFormat}, expected NHWC`);
    const shape = x.shape as [number, number, number, number];
    const info = tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
    const taps = info.filterHeight * info.filterWidth;
    const pixels = info.outHeight * info.outWidth;
    const rows = taps * info.inChannels;
    const imagesPerChunk = Math.min(info.batchSize, Math.max(1, Math.floor(maxPatchElements / (rows * pixels))));
    // Channels first: neighbouring pixels of one channel lie side by side, as they do in a row of the patches.
    const planes = transpose(backend, { x }, { perm: [3, 0, 1, 2] });
    const result = backend.makeOutput([...filterShape], 'float32');
    heapView(backend, result).fill(0);
    for (let first = 0; first < info.batchSize; first += imagesPerChunk) {
      const images = Math.min(imagesPerChunk, info.batchSize - first);
      const patches = backend.makeOutput([rows, images * pixels], 'float32');
      const upstream = backend.makeOutput([images * pixels, info.outChannels], 'float32');
      const from = first * pixels * info.outChannels;
      heapView(backend, upstream).set(heapView(backend, dy).subarray(from, from + images * pixels * info.outChannels));
      writePatches(heapView(backend, planes), heapView(backend, patches), info, first, images);
      const part = matMul(backend, { a: patches, b: upstream }, { transposeA: false, transposeB: false });
      addTo(heapView(backend, result), heapView(backend, part));
      free(backend, patches, upstream, part);
    }
    free(backend, planes);
    return result;
  }
  return { kernelName: tf.Conv2DBackpropFilter, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

/** patches[(ky kw + kx) c + channel, (n, i, j)] = planes[channel, n, i s + ky - top, j s + kx - left], 0 outside. */
function writePatches(
  planes: Float32Array,
  patches: Float32Array,
  info: ConvInfo,
  first: number,
  images: number,
): void {
  const { inChannels, inHeight, inWidth, batchSize, outHeight, outWidth, strideHeight, strideWidth } = info;
  let at = 0;
  for (let ky = 0; ky < info.filterHeight; ky++) {
    for (let kx = 0; kx < info.filterWidth; kx++) {
      const offset = kx - info.padInfo.left;
      // Columns [begin, end) of the output see a pixel inside the image through this tap.
      const begin = Math.min(outWidth, Math.max(0, Math.ceil(-offset / strideWidth)));
      const end = Math.max(begin, Math.min(outWidth, Math.floor((inWidth - 1 - offset) / strideWidth) + 1));
      for (let channel = 0; channel < inChannels; channel++) {
        for (let n = first; n < first + images; n++) {
          const plane = (channel * batchSize + n) * inHeight * inWidth;
          for (let i = 0; i < outHeight; i++, at += outWidth) {
            const y = i * strideHeight + ky - info.padInfo.top;
            if (y < 0 || y >= inHeight) {
              for (let j = 0; j < outWidth; j++) patches[at + j] = 0;
              continue;
            }
            const row = plane + y * inWidth + offset;
            for (let j = 0; j < begin; j++) patches[at + j] = 0;
            for (let j = begin; j < end; j++) patches[at + j] = planes[row + j * strideWidth]!;
            for (let j = end; j < outWidth; j++) patches[at + j] = 0;
          }
        }
      }
    }
  }
}

function addTo(sum: Float32Array, part: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += part[i]!;
}
