/**
 * Gradients of a depthwise convolution, which tfjs's WASM backend lacks. With m of the channel multiplier M:
 *
 *     dx[n, i s + ky d - top, j s + kx d - left, c] += sum over m of dy[n, i, j, c M + m] W[ky, kx, c, m]
 *     dW[ky, kx, c, m] = sum over n, i, j of x[n, i s + ky d - top, j s + kx d - left, c] dy[n, i, j, c M + m]
 */
import type {
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInputAttrs,
  KernelConfig,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { addressOf, allocate, asKernelFunc, free, type KernelCall } from './backend-access.ts';
import { type ConvInfo, depthwiseInfo } from './conv-info.ts';
import type { KernelModule } from './kernel-module.ts';

export function depthwiseBackpropInput(module: KernelModule): KernelConfig {
  function kernel(call: KernelCall<'dy' | 'filter', DepthwiseConv2dNativeBackpropInputAttrs>): TensorInfo {
    const { backend, attrs } = call;
    const { dy, filter } = call.inputs;
    const at = (tensor: TensorInfo) => addressOf(backend, tensor);
    const dx = allocate(backend, attrs.inputShape);
    const info = depthwiseInfo(attrs.inputShape, filter.shape, attrs);
    module.depthwiseInputGradient(...geometry(info, at(dx), at(filter), at(dy)));
    return dx;
  }
  return { kernelName: tf.DepthwiseConv2dNativeBackpropInput, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

export function depthwiseBackpropFilter(module: KernelModule): KernelConfig {
  function kernel(call: KernelCall<'x' | 'dy', DepthwiseConv2dNativeBackpropFilterAttrs>): TensorInfo {
    const { backend, attrs } = call;
    const { x, dy } = call.inputs;
    const at = (tensor: TensorInfo) => addressOf(backend, tensor);
    const dw = allocate(backend, attrs.filterShape);
    const scratch = allocate(backend, attrs.filterShape);
    const info = depthwiseInfo(x.shape, attrs.filterShape, attrs);
    module.depthwiseFilterGradient(...geometry(info, at(x), at(dw), at(dy)), at(scratch));
    free(backend, scratch);
    return dw;
  }
  return { kernelName: tf.DepthwiseConv2dNativeBackpropFilter, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

/** What both procedures begin with. */
function geometry(info: ConvInfo, input: number, filter: number, output: number): readonly number[] {
  return [
    ...[input, info.batchSize, info.inHeight, info.inWidth, info.inChannels, info.padInfo.top, info.padInfo.left],
    ...[filter, info.filterHeight, info.filterWidth, info.outChannels / info.inChannels],
    ...[info.strideHeight, info.strideWidth, info.dilationHeight, info.dilationWidth],
    ...[output, info.outHeight, info.outWidth],
  ];
}
