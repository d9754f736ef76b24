/** Pickles and legacy PyTorch files, opcode by opcode, so that tests can write what no honest program would. */

export type Bytes = readonly number[];

/** Opcodes of protocol 2 with their arguments. */
export const op = {
  proto: (version: number): Bytes => [0x80, version],
  stop: [0x2e],
  mark: [0x28],
  none: [0x4e],
  yes: [0x88],
  no: [0x89],
  emptyDict: [0x7d],
  emptyList: [0x5d],
  emptyTuple: [0x29],
  tuple: [0x74],
  appends: [0x65],
  setItems: [0x75],
  reduce: [0x52],
  build: [0x62],
  persistentId: [0x51],
  put: (index: number): Bytes => [0x71, index],
  get: (index: number): Bytes => [0x68, index],
  int: (value: number): Bytes => [0x4a, ...uint32(value >>> 0)],
  text: (value: string): Bytes => [0x58, ...uint32(value.length), ...ascii(value)],
  global: (module: string, name: string): Bytes => [0x63, ...ascii(`${module}\n${name}\n`)],
} as const;

/** A whole pickle. */
export function pickle(...parts: readonly Bytes[]): Bytes {
  return [...op.proto(2), ...parts.flat(), ...op.stop];
}

export function tuple(...items: readonly Bytes[]): Bytes {
  return [...op.mark, ...items.flat(), ...op.tuple];
}

export function dict(...pairs: readonly (readonly [Bytes, Bytes])[]): Bytes {
  return [...op.emptyDict, ...op.mark, ...pairs.flat(2), ...op.setItems];
}

export function list(...items: readonly Bytes[]): Bytes {
  return [...op.emptyList, ...op.mark, ...items.flat(), ...op.appends];
}

/** An OrderedDict as PyTorch pickles it, `_metadata` included. */
export function orderedDict(...pairs: readonly (readonly [Bytes, Bytes])[]): Bytes {
  const empty = [...op.global('collections', 'OrderedDict'), ...op.emptyTuple, ...op.reduce];
  const filled = [...empty, ...op.mark, ...pairs.flat(2), ...op.setItems];
  return [...filled, ...dict([op.text('_metadata'), empty]), ...op.build];
}

export interface TensorSpec {
  readonly key?: string;
  /** @default FloatStorage */
  readonly storage?: string;
  /** Elements of the storage. */
  readonly length: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  /** @default 0 */
  readonly offset?: number;
  /** The last entry of the persistent id. @default None */
  readonly view?: Bytes;
}

export function tensor({
  key = 'k',
  storage = 'FloatStorage',
  offset = 0,
  view = op.none,
  ...spec
}: TensorSpec): Bytes {
  const id = tuple(
    op.text('storage'),
    op.global('torch', storage),
    op.text(key),
    op.text('cpu'),
    op.int(spec.length),
    view,
  );
  const sizes = (values: readonly number[]) => tuple(...values.map((value) => op.int(value)));
  const args = [[...id, ...op.persistentId], op.int(offset), sizes(spec.shape), sizes(spec.strides), op.no];
  const hooks = [...op.global('collections', 'OrderedDict'), ...op.emptyTuple, ...op.reduce];
  return [...op.global('torch._utils', '_rebuild_tensor_v2'), ...tuple(...args, hooks), ...op.reduce];
}

const magic: Bytes = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/** A legacy file around the pickle of an object, with its storages. */
export function legacyFile(
  root: Bytes,
  storages: Readonly<Record<string, readonly number[]>>,
  littleEndian: Bytes = op.yes,
): Uint8Array {
  const keys = Object.keys(storages).map((key) => op.text(key));
  return Uint8Array.from([
    ...pickle(magic),
    ...pickle([0x4d, 0xe9, 0x03]),
    ...pickle(dict([op.text('little_endian'), littleEndian])),
    ...pickle(root),
    ...pickle(list(...keys)),
    ...Object.values(storages).flatMap((values) => [...uint32(values.length), ...uint32(0), ...floats(values)]),
  ]);
}

export function floats(values: readonly number[]): number[] {
  return [...new Uint8Array(Float32Array.from(values).buffer)];
}

export function uint32(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}

function ascii(text: string): number[] {
  return [...text].map((letter) => letter.charCodeAt(0));
}
