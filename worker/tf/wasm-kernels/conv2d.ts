/**
 * 2D convolution, with and without bias: 3 x 3 with stride 1 by Winograd's minimal filtering, which takes less than half
 * of the products. Everything else goes to the shipped kernels.
 */
import type { Conv2DAttrs, FusedConv2DAttrs, KernelConfig, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { asKernelFunc, type KernelCall, shippedKernel } from './backend-access.ts';
import { convInfo } from './conv-info.ts';
import type { KernelModule } from './kernel-module.ts';
import { suitsWinograd, winogradConvolution } from './winograd.ts';

export function conv2d(module: KernelModule): KernelConfig {
  const shipped = shippedKernel('Conv2D');
  function kernel({ backend, inputs, attrs }: KernelCall<'x' | 'filter', Conv2DAttrs>): TensorInfo {
    if (attrs.dataFormat !== 'NHWC') return shipped(backend, inputs, attrs);
    const info = convInfo(inputs.x.shape, inputs.filter.shape, attrs);
    return suitsWinograd(info) ? winogradConvolution(module, backend, inputs, info) : shipped(backend, inputs, attrs);
  }
  return { kernelName: tf.Conv2D, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}

export function fusedConv2d(module: KernelModule): KernelConfig {
  const shipped = shippedKernel('FusedConv2D');
  function kernel({ backend, inputs, attrs }: KernelCall<'x' | 'filter' | 'bias', FusedConv2DAttrs>): TensorInfo {
    const isPlain = attrs.dataFormat === 'NHWC' && attrs.activation === 'linear';
    if (!isPlain) return shipped(backend, inputs, attrs);
    const info = convInfo(inputs.x.shape, inputs.filter.shape, attrs);
    return suitsWinograd(info) ? winogradConvolution(module, backend, inputs, info) : shipped(backend, inputs, attrs);
  }
  return { kernelName: tf.FusedConv2D, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}
