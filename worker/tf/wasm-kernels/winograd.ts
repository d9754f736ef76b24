/** Convolutions of 3 x 3, stride 1, by the Winograd procedures of our module. */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, free } from './backend-access.ts';
import type { ConvInfo } from './conv-info.ts';
import type { KernelModule } from './kernel-module.ts';

/** Elements of a transformed tile, and of a transformed filter. */
const places = 16;

/** Tiles at a time take this many float32: 512 KiB, what a core has as second-level cache. */
const maxTransformed = 1 << 17;
const [fewestTiles, mostTiles] = [32, 256];

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
  const { inChannels, outChannels } = info;
  const capacity = tilesAtOnce(info);
  const at = (tensor: TensorInfo) => addressOf(backend, tensor);
  const y = allocate(backend, info.outShape);
  const transformed = allocate(backend, [places * inChannels * outChannels]);
  const scratch = allocate(backend, [places * capacity * (inChannels + outChannels) + places * inChannels]);
  module.transformFilter(at(filter), inChannels, outChannels, at(transformed));
  module.winogradConvolution(
    ...[at(x), info.batchSize, info.inHeight, info.inWidth, inChannels, info.padInfo.top, info.padInfo.left],
    ...[at(transformed), bias === undefined ? 0 : at(bias)],
    ...[at(y), info.outHeight, info.outWidth, outChannels, capacity, at(scratch)],
  );
  free(backend, transformed, scratch);
  return y;
}

export function winogradFilterGradient(
  module: KernelModule,
  backend: BackendWasm,
  { x, dy }: { readonly x: TensorInfo; readonly dy: TensorInfo },
  info: ConvInfo,
): TensorInfo {
  const { inChannels, outChannels } = info;
  const capacity = tilesAtOnce(info);
  const at = (tensor: TensorInfo) => addressOf(backend, tensor);
  const dw = allocate(backend, info.filterShape);
  const perTile = inChannels + outChannels;
  const scratch = allocate(backend, [places * (inChannels * outChannels + capacity * perTile + inChannels)]);
  module.winogradFilterGradient(
    ...[at(x), info.batchSize, info.inHeight, info.inWidth, inChannels, info.padInfo.top, info.padInfo.left],
    ...[at(dy), info.outHeight, info.outWidth, outChannels, at(dw), capacity, at(scratch)],
  );
  free(backend, scratch);
  return dw;
}

function tilesAtOnce({ inChannels, outChannels }: ConvInfo): number {
  const fitting = Math.floor(maxTransformed / (places * (inChannels + outChannels)));
  return Math.min(mostTiles, Math.max(fewestTiles, fitting));
}
