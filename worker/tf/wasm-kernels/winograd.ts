/** Convolutions of 3 x 3, stride 1, by the Winograd procedures of our module. */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, free } from './backend-access.ts';
import type { ConvInfo } from './conv-info.ts';
import type { KernelModule } from './kernel-module.ts';

/** Fewer channels are not worth the transforms, and the procedures work on four and eight at a time. */
export function suitsWinograd(info: ConvInfo): boolean {
  const { filterHeight, filterWidth, strideHeight, strideWidth, dilationHeight, dilationWidth } = info;
  const isThree = filterHeight === 3 && filterWidth === 3;
  const isPlain = [strideHeight, strideWidth, dilationHeight, dilationWidth].every((step) => step === 1);
  return isThree && isPlain && info.inChannels % 4 === 0 && info.inChannels >= 8 && info.outChannels % 8 === 0;
}

/** x convolved with filter `[3, 3, inChannels, outChannels]`, plus bias. */
export function winogradConvolution(
  module: KernelModule,
  backend: BackendWasm,
  { x, filter, bias }: { readonly x: TensorInfo; readonly filter: TensorInfo; readonly bias?: TensorInfo | undefined },
  info: ConvInfo,
): TensorInfo {
  const at = (tensor: TensorInfo) => addressOf(backend, tensor);
  const y = allocate(backend, info.outShape);
  const scratch = allocateScratch(module, backend, info);
  module.winogradConvolution(
    ...[at(x), info.batchSize, info.inHeight, info.inWidth, info.inChannels, info.padInfo.top, info.padInfo.left],
    ...[at(filter), bias === undefined ? 0 : at(bias)],
    ...[at(y), info.outHeight, info.outWidth, info.outChannels, at(scratch)],
  );
  free(backend, scratch);
  return y;
}

export function winogradFilterGradient(
  module: KernelModule,
  backend: BackendWasm,
  { x, dy }: { readonly x: TensorInfo; readonly dy: TensorInfo },
  info: ConvInfo,
): TensorInfo {
  const at = (tensor: TensorInfo) => addressOf(backend, tensor);
  const dw = allocate(backend, info.filterShape);
  const scratch = allocateScratch(module, backend, info);
  module.winogradFilterGradient(
    ...[at(x), info.batchSize, info.inHeight, info.inWidth, info.inChannels, info.padInfo.top, info.padInfo.left],
    ...[at(dy), info.outHeight, info.outWidth, info.outChannels, at(dw), at(scratch)],
  );
  free(backend, scratch);
  return dw;
}

function allocateScratch(module: KernelModule, backend: BackendWasm, info: ConvInfo): TensorInfo {
  const bytes = module.winogradScratchBytes(info.inChannels, info.outChannels);
  return allocate(backend, [bytes / Float32Array.BYTES_PER_ELEMENT]);
}
