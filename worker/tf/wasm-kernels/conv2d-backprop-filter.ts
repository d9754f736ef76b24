/**
 * Gradient of a 2D convolution with respect to its filter, which tfjs's WASM backend lacks.
 *
 *     dW[ky, kx, c, o] = sum over n, i, j of x[n, i s + ky - top, j s + kx - left, c] dy[n, i, j, o]
 */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { Conv2DBackpropFilterAttrs, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { addressOf, allocate, asKernelFunc, free, type KernelCall, shippedKernel } from './backend-access.ts';
import { type ConvInfo, convInfo } from './conv-info.ts';
import type { KernelModule } from './kernel-module.ts';
import { suitsWinograd, winogradFilterGradient } from './winograd.ts';

export function conv2dBackpropFilter(module: KernelModule): KernelConfig {
  const pad = shippedKernel('PadV2');

  function kernel(call: KernelCall<'x' | 'dy', Conv2DBackpropFilterAttrs>): TensorInfo {
    const { backend, inputs, attrs } = call;
    if (attrs.dataFormat !== 'NHWC')
      throw new Error(`Cannot differentiate convolution of ${attrs.dataFormat}, expected NHWC`);
    const info = convInfo(inputs.x.shape, attrs.filterShape, attrs);
    if (suitsWinograd(info)) return winogradFilterGradient(module, backend, inputs, info);
    const padded = padInput(backend, inputs.x, info);
    const dw = directGradient(backend, padded, inputs.dy, info);
    if (padded !== inputs.x) free(backend, padded);
    return dw;
  }

  /** x with the zeros around it that the filter reaches. */
  function padInput(backend: BackendWasm, x: TensorInfo, info: ConvInfo): TensorInfo {
    const { top, left } = info.padInfo;
    const bottom = overhang(info.outHeight, info.strideHeight, info.filterHeight, top + info.inHeight);
    const right = overhang(info.outWidth, info.strideWidth, info.filterWidth, left + info.inWidth);
    const paddings = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    return paddings.flat().some((zeros) => zeros > 0) ? pad(backend, { x }, { paddings, constantValue: 0 }) : x;
  }

  function directGradient(backend: BackendWasm, x: TensorInfo, dy: TensorInfo, info: ConvInfo): TensorInfo {
    const [, height, width, channels] = x.shape as [number, number, number, number];
    const rowPitch = width * channels * Float32Array.BYTES_PER_ELEMENT;
    const dw = allocate(backend, info.filterShape);
    module.filterGradient(
      ...[addressOf(backend, x), info.batchSize, rowPitch, height * rowPitch, channels],
      ...[info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth],
      ...[addressOf(backend, dy), info.outHeight, info.outWidth, info.outChannels, addressOf(backend, dw)],
    );
    return dw;
  }
  return { kernelName: tf.Conv2DBackpropFilter, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

/** How far the last window reaches beyond `end`. */
function overhang(outputs: number, stride: number, filter: number, end: number): number {
  return Math.max(0, (outputs - 1) * stride + filter - end);
}
