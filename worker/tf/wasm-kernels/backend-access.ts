/** What our kernels need of tfjs's WASM backend beyond its public types. */

import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { KernelFunc, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

/** Arguments of a kernel, with its inputs and attributes named. */
export interface KernelCall<InputName extends string, Attributes> {
  readonly inputs: Readonly<Record<InputName, TensorInfo>>;
  readonly attrs: Attributes;
  readonly backend: BackendWasm;
}

/** Gives a typed kernel the signature that tfjs registers. tfjs calls it with what the operation of that name passes. */
export function asKernelFunc<InputName extends string, Attributes>(
  kernel: (call: KernelCall<InputName, Attributes>) => TensorInfo | TensorInfo[],
): KernelFunc {
  return (call) => kernel(call as unknown as KernelCall<InputName, Attributes>);
}

/** The kernel that tfjs ships under `name`, to build upon; ours may take its place in the registry later. */
export function shippedKernel(
  name: string,
): (backend: BackendWasm, inputs: NamedTensorInfoMap, attrs?: object) => TensorInfo {
  const kernel = tf.getKernel(name, 'wasm');
  return (backend, inputs, attrs = {}) =>
    kernel.kernelFunc({ backend, inputs, attrs: attrs as NamedAttrMap }) as TensorInfo;
}

/**
 * The values of a float32 tensor in the WASM heap, not a copy.
 * Any allocation may move the heap: take views after the last `makeOutput` or kernel call.
 */
export function heapView(backend: BackendWasm, tensor: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}

/** Where a tensor's elements begin in the WASM heap, bytes. Stays until the tensor is freed. */
export function addressOf(backend: BackendWasm, tensor: TensorInfo): number {
  return backend.getMemoryOffset(tensor.dataId);
}

/** A float32 tensor, uninitialised. */
export function allocate(backend: BackendWasm, shape: readonly number[]): TensorInfo {
  return backend.makeOutput([...shape], 'float32');
}

/** Frees intermediate tensors that a kernel made. */
export function free(backend: BackendWasm, ...tensors: readonly TensorInfo[]): void {
  for (const tensor of tensors) backend.disposeData(tensor.dataId);
}
