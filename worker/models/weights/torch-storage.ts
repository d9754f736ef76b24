/** What PyTorch's pickles say about tensors: storages by key, and views into them. */

import type { PickleCall, PickleObject, PickleRules, PickleValue } from './pickle.ts';
import { createDict, type Fail, isGlobal, isKind, isTuple } from './pickle.ts';
import type { StateTensor } from './state-dict.ts';

/** A named run of values of one type, which lies elsewhere in the file. */
export interface TorchStorage extends PickleObject {
  readonly kind: 'storage';
  readonly key: string;
  readonly dtype: string;
  readonly elementBytes: number;
  /** Elements. */
  readonly length: number;
}

/** A strided view of a storage. */
export interface TorchTensor extends PickleObject {
  readonly kind: 'tensor';
  readonly storage: TorchStorage;
  /** Of the first element. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** PyTorch's storage classes. */
const dtypes: ReadonlyMap<string, { readonly dtype: string; readonly elementBytes: number }> = new Map([
  ['torch.FloatStorage', { dtype: 'float32', elementBytes: 4 }],
  ['torch.DoubleStorage', { dtype: 'float64', elementBytes: 8 }],
  ['torch.HalfStorage', { dtype: 'float16', elementBytes: 2 }],
  ['torch.BFloat16Storage', { dtype: 'bfloat16', elementBytes: 2 }],
  ['torch.LongStorage', { dtype: 'int64', elementBytes: 8 }],
  ['torch.IntStorage', { dtype: 'int32', elementBytes: 4 }],
  ['torch.ShortStorage', { dtype: 'int16', elementBytes: 2 }],
  ['torch.CharStorage', { dtype: 'int8', elementBytes: 1 }],
  ['torch.ByteStorage', { dtype: 'uint8', elementBytes: 1 }],
  ['torch.BoolStorage', { dtype: 'bool', elementBytes: 1 }],
]);

/** More dimensions than any layer has. */
const maxRank = 8;

const calls: readonly (readonly [string, PickleCall])[] = [
  ['collections.OrderedDict', orderedDict],
  ['torch._utils._rebuild_tensor', rebuildTensor],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_parameter', rebuildParameter],
];

const globals: PickleRules['globals'] = new Map([...calls, ...[...dtypes.keys()].map((name) => [name, null] as const)]);

/**
 * The rules of a pickle of tensors. Each storage that it names is added to `storages`, sizes checked against the file.
 * @param fileBytes no storage, and no tensor, can have more
 */
export function torchRules(storages: Map<string, TorchStorage>, fileBytes: number, fail: Fail): PickleRules {
  const persistent = (id: PickleValue, failHere: Fail) => {
    const storage = storageOf(id, fileBytes, failHere);
    const known = storages.get(storage.key);
    if (known !== undefined && (known.dtype !== storage.dtype || known.length !== storage.length)) {
      throw failHere(
        `storage "${storage.key}" as ${storage.dtype}[${storage.length}], before as ${known.dtype}[${known.length}]`,
      );
    }
    storages.set(storage.key, known ?? storage);
    return known ?? storage;
  };
  return { globals, persistent, fail };
}

export function isTensor(value: PickleValue | undefined): value is TorchTensor {
  return isKind(value, 'tensor');
}

/** The tensor with its values, read from the bytes of its storage. */
export function readTensor(tensor: TorchTensor, bytes: Uint8Array): StateTensor {
  const { storage, shape } = tensor;
  const data = storage.dtype === 'float32' ? gatherFloats(tensor, bytes) : null;
  return { shape, dtype: storage.dtype, data };
}

/** `('storage', class, key, device, length)`, and in old files a last entry for views of storages. */
function storageOf(id: PickleValue, fileBytes: number, fail: Fail): TorchStorage {
  const [tag, type, key, , length, view = null] = isTuple(id) ? id.items : [];
  const found = isGlobal(type) ? dtypes.get(type.name) : undefined;
  if (tag !== 'storage' || found === undefined || typeof key !== 'string') {
    throw fail('a persistent id that is not a storage');
  }
  if (view !== null) throw fail(`storage "${key}" is a view of another, expected a storage of its own`);
  if (!isSize(length) || length * found.elementBytes > fileBytes) {
    throw fail(`storage "${key}" with ${String(length)} elements of ${found.dtype}, more than the file has`);
  }
  return { kind: 'storage', key, length, ...found };
}

/** `(storage, offset, size, stride, ..)`. */
function rebuildTensor(args: readonly PickleValue[], fail: Fail): TorchTensor {
  const [storage, offset, size, stride] = args;
  const shape = sizesOf(size);
  const strides = sizesOf(stride);
  if (!isKind(storage, 'storage') || !isSize(offset) || shape === null || strides?.length !== shape.length) {
    throw fail('a tensor without storage, offset, sizes and strides');
  }
  const tensor: TorchTensor = { kind: 'tensor', storage: storage as TorchStorage, offset, shape, strides };
  assertWithin(tensor, fail);
  return tensor;
}

/** `(tensor, requires_grad, hooks)`. */
function rebuildParameter([tensor]: readonly PickleValue[], fail: Fail): TorchTensor {
  if (!isTensor(tensor)) throw fail('a parameter without a tensor');
  return tensor;
}

/** `()` or `([[key, value], ..])`. */
function orderedDict([pairs]: readonly PickleValue[], fail: Fail): PickleValue {
  const dict = createDict();
  if (pairs === undefined) return dict;
  if (!Array.isArray(pairs)) throw fail('an OrderedDict of something other than pairs');
  for (const pair of pairs) {
    const [key, value] = Array.isArray(pair) ? pair : isTuple(pair) ? pair.items : [];
    if (key === undefined || value === undefined) throw fail('an OrderedDict of something other than pairs');
    dict.entries.set(key, value);
  }
  return dict;
}

/** Every element lies in the storage, and there are no more of them than the storage has: no view that repeats. */
function assertWithin({ storage, offset, shape, strides }: TorchTensor, fail: Fail): void {
  const elements = elementCount(shape);
  const last = shape.reduce((index, size, axis) => index + (size - 1) * strides[axis]!, offset);
  if (elements === 0 || (elements <= storage.length && last < storage.length)) return;
  throw fail(
    `a tensor of shape [${shape.join(', ')}] that ends at element ${last} of storage "${storage.key}", which has ${storage.length}`,
  );
}

function gatherFloats({ offset, shape, strides }: TorchTensor, bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Float32Array(elementCount(shape));
  // Rows along the last axis, so that the odometer turns once per row.
  const columns = shape.at(-1) ?? 1;
  const columnStride = strides.at(-1) ?? 1;
  const index = shape.slice(0, -1).map(() => 0);
  let first = offset;
  for (let row = 0; row < data.length; row += columns) {
    for (let column = 0; column < columns; column += 1) {
      data[row + column] = view.getFloat32((first + column * columnStride) * 4, true);
    }
    for (let axis = index.length - 1; axis >= 0; axis -= 1) {
      index[axis]! += 1;
      first += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      first -= index[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return data;
}

function sizesOf(value: PickleValue | undefined): readonly number[] | null {
  if (!isTuple(value) || value.items.length > maxRank || !value.items.every(isSize)) return null;
  return value.items;
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
