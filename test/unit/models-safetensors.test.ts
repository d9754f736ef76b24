import { describe, expect, it } from 'vitest';
import { readSafetensors, type WeightFile, writeSafetensors } from '../../worker/models/weights/safetensors.ts';

const file: WeightFile = {
  tensors: new Map([
    ['conv.weight', { shape: [2, 3], data: Float32Array.of(1, -2, 0.5, 1e-40, -0, 3.25) }],
    ['scale', { shape: [], data: Float32Array.of(7) }],
    ['empty', { shape: [0, 4], data: new Float32Array(0) }],
  ]),
  metadata: { model: 'cnn-s' },
};

/** A file with this header text before `dataBytes` bytes of zeros. */
function withHeader(text: string, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

const entry = (begin: number, end: number, shape: readonly number[] = [1], dtype = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

describe('safetensors', () => {
  it('reads what it wrote, bit for bit', () => {
    const bytes = writeSafetensors(file);
    const { tensors, metadata } = readSafetensors(bytes);
    expect([...tensors]).toEqual([...file.tensors]);
    expect(metadata).toEqual(file.metadata);
    expect(writeSafetensors({ tensors, metadata })).toEqual(bytes);
  });

  it('starts the data at a multiple of 8, as the format asks', () => {
    const header = new DataView(writeSafetensors(file).buffer).getBigUint64(0, true);
    expect(header % 8n).toBe(0n);
  });

  it('reads a view into a larger buffer', () => {
    const bytes = writeSafetensors(file);
    const larger = new Uint8Array(bytes.length + 9);
    larger.set(bytes, 3);
    const { tensors } = readSafetensors(larger.subarray(3, 3 + bytes.length));
    expect(tensors.get('conv.weight')).toEqual(file.tensors.get('conv.weight'));
  });

  it('refuses every truncation of a file', () => {
    const bytes = writeSafetensors(file);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => readSafetensors(bytes.subarray(0, length)), `${length} bytes`).toThrow(
        /Cannot use safetensors file/,
      );
    }
  });

  it.each([
    ['a header longer than the file', new Uint8Array(16).fill(255), /header claims 18446744073709551615 bytes/],
    ['a header that is not JSON', withHeader('{"a":', 0), /not JSON/],
    ['a header that is a list', withHeader('[]', 0), /not a JSON object/],
    ['a gap before a tensor', withHeader(`{"a":${entry(4, 8)}}`, 8), /"a" lies at 4..8, expected a start of 0/],
    ['overlapping tensors', withHeader(`{"a":${entry(0, 4)},"b":${entry(0, 4)}}`, 4), /"b" lies at 0..4/],
    ['an end before its start', withHeader(`{"a":${entry(0, 4)},"b":${entry(4, 0)}}`, 4), /"b" lies at 4..0/],
    ['a tensor beyond the end', withHeader(`{"a":${entry(0, 8, [2])}}`, 4), /"a" lies at 0..8/],
    ['a shape of another size', withHeader(`{"a":${entry(0, 4, [3])}}`, 4), /shape \[3\] and 1 values/],
    ['bytes that belong to no tensor', withHeader(`{"a":${entry(0, 4)}}`, 8), /end at 4 of 8/],
    ['a negative offset', withHeader(`{"a":${entry(-4, 0)}}`, 4), /"a" is malformed/],
    ['a fractional shape', withHeader(`{"a":${entry(0, 4, [0.5])}}`, 4), /"a" is malformed/],
    ['a dtype of no known size', withHeader(`{"a":${entry(0, 4, [1], 'Q7')}}`, 4), /dtype Q7/],
    ['metadata that is no text', withHeader('{"__metadata__":{"a":1}}', 0), /"__metadata__" is malformed/],
  ])('refuses %s', (_, bytes, reason) => {
    expect(() => readSafetensors(bytes)).toThrow(reason);
  });
});
