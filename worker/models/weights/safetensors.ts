import { z } from 'zod';
import { AbkdError } from '../../../core/errors.ts';

/** One tensor of a weight file, float32, row-major. */
export interface WeightTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface WeightFile {
  /** The float32 tensors, in file order. */
  readonly tensors: ReadonlyMap<string, WeightTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A tensor of another type, of which only the header is read. */
export interface OtherTensor {
  readonly shape: readonly number[];
  /** As the format names it: I64, F16 .. */
  readonly dtype: string;
}

export interface SafetensorsFile extends WeightFile {
  readonly others: ReadonlyMap<string, OtherTensor>;
}

const lengthBytes = 8;
const floatBytes = 4;
/** Bytes of an element of each type. */
const elementBytes: ReadonlyMap<string, number> = new Map([
  ...['F64', 'I64', 'U64'].map((dtype) => [dtype, 8] as const),
  ...['F32', 'I32', 'U32'].map((dtype) => [dtype, floatBytes] as const),
  ...['F16', 'BF16', 'I16', 'U16'].map((dtype) => [dtype, 2] as const),
  ...['I8', 'U8', 'BOOL', 'F8_E4M3', 'F8_E5M2'].map((dtype) => [dtype, 1] as const),
]);
/** The header of a model with a hundred thousand tensors has about 10 MB. */
const maxHeaderBytes = 32 << 20;
const metadataKey = '__metadata__';

const size = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(size).max(8),
  data_offsets: z.tuple([size, size]),
});
const metadataSchema = z.record(z.string(), z.string());

/**
 * The bytes of a safetensors file: header length (u64, little-endian), JSON header padded with spaces to a multiple of
 * 8, then the tensors without gaps in the order of the map. Equal input gives equal bytes.
 * @see https://github.com/huggingface/safetensors#format
 */
export function writeSafetensors({ tensors, metadata }: WeightFile): Uint8Array {
  let offset = 0;
  const entries = [...tensors].map(([name, { shape, data }]) => {
    assertShape(name, shape, data.length);
    const begin = offset;
    offset += data.length * floatBytes;
    return [name, { dtype: 'F32', shape, data_offsets: [begin, offset] }] as const;
  });
  const text = JSON.stringify({ [metadataKey]: metadata, ...Object.fromEntries(entries) });
  const json = new TextEncoder().encode(text);
  const headerBytes = Math.ceil(json.length / lengthBytes) * lengthBytes;
  const bytes = new Uint8Array(lengthBytes + headerBytes + offset);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, lengthBytes, lengthBytes + headerBytes);
  bytes.set(json, lengthBytes);
  let at = lengthBytes + headerBytes;
  for (const { data } of tensors.values()) {
    for (const value of data) {
      view.setFloat32(at, value, true);
      at += floatBytes;
    }
  }
  return bytes;
}

/**
 * Reads what `writeSafetensors` and other writers make. Every number of the header is checked before it is used, and
 * the tensors must cover the data exactly, without gap or overlap.
 * @throws {AbkdError} MISSING_DATA when the file is damaged, not safetensors, or has a dtype of no known size
 */
export function readSafetensors(bytes: Uint8Array): SafetensorsFile {
  const { header, dataStart } = readHeader(bytes);
  const metadata = check(metadataSchema, header.get(metadataKey) ?? {}, metadataKey);
  const entries = [...header]
    .filter(([name]) => name !== metadataKey)
    .map(([name, value]) => ({ name, ...check(entrySchema, value, name) }))
    .sort((a, b) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1]);
  const view = new DataView(bytes.buffer, bytes.byteOffset + dataStart, bytes.byteLength - dataStart);
  const tensors = new Map<string, WeightTensor>();
  const others = new Map<string, OtherTensor>();
  let covered = 0;
  for (const { name, dtype, shape, data_offsets } of entries) {
    const [begin, end] = data_offsets;
    const size = elementBytes.get(dtype);
    if (size === undefined) throw damaged(`tensor "${name}" has dtype ${dtype}, expected a known one`);
    if (begin !== covered || end < begin || end > view.byteLength) {
      throw damaged(
        `tensor "${name}" lies at ${begin}..${end}, expected a start of ${covered} and an end within the file`,
      );
    }
    assertShape(name, shape, (end - begin) / size);
    if (dtype === 'F32') tensors.set(name, { shape, data: readFloats(view, begin, (end - begin) / floatBytes) });
    else others.set(name, { shape, dtype });
    covered = end;
  }
  if (covered !== view.byteLength) {
    throw damaged(
      `its tensors end at ${covered} of ${view.byteLength} data bytes, expected no bytes that belong to none`,
    );
  }
  return { tensors, others, metadata };
}

function readHeader(bytes: Uint8Array): { readonly header: ReadonlyMap<string, unknown>; readonly dataStart: number } {
  if (bytes.length < lengthBytes) throw damaged(`it has ${bytes.length} bytes, expected at least ${lengthBytes}`);
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (headerBytes > BigInt(Math.min(maxHeaderBytes, bytes.length - lengthBytes))) {
    throw damaged(`its header claims ${headerBytes} bytes, expected at most ${bytes.length - lengthBytes}`);
  }
  const dataStart = lengthBytes + Number(headerBytes);
  const header = parseObject(bytes.subarray(lengthBytes, dataStart));
  return { header: new Map(Object.entries(header)), dataStart };
}

function parseObject(json: Uint8Array): object {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
  } catch (error) {
    throw damaged('its header is not JSON', error);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw damaged('its header is not a JSON object');
  }
  return header;
}

function readFloats(view: DataView, begin: number, count: number): Float32Array {
  const data = new Float32Array(count);
  for (let i = 0; i < count; i += 1) data[i] = view.getFloat32(begin + i * floatBytes, true);
  return data;
}

function assertShape(name: string, shape: readonly number[], values: number): void {
  const expected = shape.reduce((product, length) => product * length, 1);
  if (expected !== values) throw damaged(`tensor "${name}" has shape [${shape.join(', ')}] and ${values} values`);
}

function check<Schema extends z.ZodType>(schema: Schema, value: unknown, name: string): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw damaged(`its header entry "${name}" is malformed: ${z.prettifyError(parsed.error)}`);
}

function damaged(problem: string, cause?: unknown): AbkdError {
  return new AbkdError('MISSING_DATA', `Cannot use safetensors file: ${problem}`, { cause });
}
