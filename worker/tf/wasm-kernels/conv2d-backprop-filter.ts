/**
 * Gradient of a 2D convolution with respect to its filter, which tfjs's WASM backend lacks.
 *
 *     dW[ky, kx, c, o] = sum over n, i, j of x[n, i s + ky - top, j s + kx - left, c] dy[n, i, j, o]
 *
 * As a matrix product: dW [taps c, o] = patches [taps c, grid] . dy [grid, o], where the images lie one after another
 * on a grid with so many zero rows and columns between them that a tap is a shift of the whole sequence: a row of the
 * patches is one contiguous copy (ten times faster than copying pixel by pixel). With stride s the image falls into
 * s x s phases, and a tap is a shift of one of them. A few images at a time, so that the patches stay in the cache.
 * `patches` is written transposed, because the shipped product runs at 3 GFLOP/s with `transposeA` and at 34 without.
 */
import type { Conv2DBackpropFilterAttrs, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { asKernelFunc, free, heapView, type KernelCall, shippedKernel } from './backend-access.ts';
import { type ConvInfo, createGrid, type Grid, writePlanes } from './image-grid.ts';

/** Patches of one chunk are kept below this, float32 elements: 2 MiB, what a core has as second-level cache. */
const maxPatchElements = 1 << 19;

export function conv2dBackpropFilter(): KernelConfig {
  const matMul = shippedKernel('BatchMatMul');

  function kernel(call: KernelCall<'x' | 'dy', Conv2DBackpropFilterAttrs>): TensorInfo {
    const { backend, inputs, attrs } = call;
    const { strides, pad, dimRoundingMode, filterShape, dataFormat } = attrs;
    if (dataFormat !== 'NHWC') throw new Error(`Cannot differentiate convolution of ${dataFormat}, expected NHWC`);
    const shape = inputs.x.shape as [number, number, number, number];
    const info = tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode);
    const grid = createGrid(info);
    const rows = info.filterHeight * info.filterWidth * info.inChannels;
    const imagesPerChunk = Math.max(1, Math.floor(maxPatchElements / (rows * grid.size)));
    const result = backend.makeOutput([...filterShape], 'float32');
    heapView(backend, result).fill(0);
    for (let first = 0; first < info.batchSize; first += imagesPerChunk) {
      const images = Math.min(imagesPerChunk, info.batchSize - first);
      const length = images * grid.size;
      const planes = backend.makeOutput([grid.margin * 2 + grid.phases.length * info.inChannels * length], 'float32');
      const patches = backend.makeOutput([rows, length], 'float32');
      const upstream = backend.makeOutput([length, info.outChannels], 'float32');
      writePlanes(heapView(backend, inputs.x), heapView(backend, planes), info, grid, first, images);
      writePatches(heapView(backend, planes), heapView(backend, patches), info, grid, length);
      writeUpstream(heapView(backend, inputs.dy), heapView(backend, upstream), info, grid, first, images);
      const part = matMul(backend, { a: patches, b: upstream }, { transposeA: false, transposeB: false });
      addTo(heapView(backend, result), heapView(backend, part));
      free(backend, planes, patches, upstream, part);
    }
    return result;
  }
  return { kernelName: tf.Conv2DBackpropFilter, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

/** patches[tap c + channel] = the plane of the tap's phase and of the channel, shifted. */
function writePatches(planes: Float32Array, patches: Float32Array, info: ConvInfo, grid: Grid, length: number): void {
  let to = 0;
  for (const { phase, shift } of grid.taps) {
    for (let channel = 0; channel < info.inChannels; channel++, to += length) {
      const from = grid.margin + (phase * info.inChannels + channel) * length + shift;
      patches.set(planes.subarray(from, from + length), to);
    }
  }
}

/** dy with zeros where the grid has no output pixel: whatever the patches hold there counts for nothing. */
function writeUpstream(
  dy: Float32Array,
  upstream: Float32Array,
  info: ConvInfo,
  grid: Grid,
  first: number,
  images: number,
): void {
  const { outHeight, outWidth, outChannels } = info;
  const rowLength = outWidth * outChannels;
  upstream.fill(0);
  for (let n = 0; n < images; n++) {
    for (let i = 0; i < outHeight; i++) {
      const from = ((first + n) * outHeight + i) * rowLength;
      upstream.set(dy.subarray(from, from + rowLength), (n * grid.size + i * grid.width) * outChannels);
    }
  }
}

function addTo(sum: Float32Array, part: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += part[i]!;
}
