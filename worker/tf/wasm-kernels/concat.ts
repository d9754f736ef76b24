/** Tensors joined along an axis. The shipped kernel copies row by row from JavaScript. */
import type { ConcatAttrs, KernelConfig, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { addressOf, asKernelFunc, hasWords, type KernelCall, shippedKernel, wordBytes } from './backend-access.ts';
import type { KernelModule } from './kernel-module.ts';

export function concat(module: KernelModule): KernelConfig {
  const shipped = shippedKernel('Concat');

  function kernel(call: KernelCall<string, ConcatAttrs>): TensorInfo {
    const { backend, attrs } = call;
    const parts = Object.values(call.inputs);
    if (!parts.every(hasWords)) return shipped(backend, call.inputs as NamedTensorInfoMap, attrs);
    const axis = tf.util.parseAxisParam(attrs.axis, parts[0]!.shape)[0]!;
    const shape = tf.backend_util.computeOutShape(
      parts.map((part) => part.shape),
      axis,
    );
    const result = backend.makeOutput(shape, parts[0]!.dtype);
    const rows = tf.util.sizeFromShape(shape.slice(0, axis));
    const bytesOf = (of: readonly number[]) => tf.util.sizeFromShape(of.slice(axis)) * wordBytes;
    let to = addressOf(backend, result);
    for (const part of parts) {
      const rowBytes = bytesOf(part.shape);
      module.copyRows(addressOf(backend, part), rowBytes, to, bytesOf(shape), rows, rowBytes);
      to += rowBytes;
    }
    return result;
  }
  return { kernelName: tf.Concat, backendName: 'wasm', kernelFunc: asKernelFunc(kernel) };
}
