import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { messageOf } from '../../../core/errors.ts';
import { fileSizeBytes, readBoundedFile, readRange } from '../bounded-file.ts';
import { missingData } from '../missing-data.ts';

/** MNIST's largest file has 47 MB; four times that leaves room for its relatives (EMNIST) and bounds what is allocated. */
const maxIdxBytes = 192 << 20;

const unsignedByteType = 0x08;

/** Sizes that an IDX file of unsigned bytes states, checked against its length. */
export interface IdxHeader {
  readonly dims: readonly number[];
  readonly headerBytes: number;
}

/** Header of an IDX file as it lies on disk; null where the file is gzip, whose header is inside. */
export async function inspectIdx(path: string, dimensions: number): Promise<IdxHeader | null> {
  const totalBytes = await fileSizeBytes(path);
  const head = await readRange(path, 0, Math.min(totalBytes, headerBytesOf(dimensions)));
  return isGzip(head) ? null : readIdxHeader(head, dimensions, totalBytes, path);
}

/**
 * Header and data of an IDX file, gzip or not (told by content).
 * @throws {TrialError} MISSING_DATA on a wrong magic number, dimension count or length
 */
export async function readIdx(path: string, dimensions: number): Promise<IdxHeader & { readonly data: Uint8Array }> {
  const raw = await readBoundedFile(path, maxIdxBytes);
  const content = isGzip(raw) ? await inflate(raw, path) : raw;
  const header = readIdxHeader(content, dimensions, content.length, path);
  return { ...header, data: content.subarray(header.headerBytes) };
}

function headerBytesOf(dimensions: number): number {
  return 4 + 4 * dimensions;
}

function readIdxHeader(bytes: Buffer, dimensions: number, totalBytes: number, path: string): IdxHeader {
  const headerBytes = headerBytesOf(dimensions);
  if (bytes.length < headerBytes) {
    throw missingData(
      `Cannot read IDX file "${path}": it has ${totalBytes} bytes, expected a header of ${headerBytes}`,
    );
  }
  const magic = bytes.readUInt32BE(0);
  const wanted = unsignedByteType * 256 + dimensions;
  if (magic !== wanted) {
    throw missingData(`Cannot read IDX file "${path}": its magic number is ${hex(magic)}, expected ${hex(wanted)}`);
  }
  const dims = Array.from({ length: dimensions }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const expected = headerBytes + dims.reduce((product, size) => product * size, 1);
  if (totalBytes !== expected) {
    throw missingData(
      `Cannot read IDX file "${path}": it has ${totalBytes} bytes, expected ${expected} for its sizes ${dims.join('x')}`,
    );
  }
  if (dims.includes(0)) throw missingData(`Cannot read IDX file "${path}": it is empty (sizes ${dims.join('x')})`);
  return { dims, headerBytes };
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function inflate(raw: Buffer, path: string): Promise<Buffer> {
  try {
    return await promisify(gunzip)(raw, { maxOutputLength: maxIdxBytes });
  } catch (error) {
    throw missingData(`Cannot decompress "${path}": ${messageOf(error)}`, error);
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
