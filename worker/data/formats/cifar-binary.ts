import { fileSizeBytes, readRange } from '../bounded-file.ts';
import { missingData } from '../missing-data.ts';
import type { ImagePart } from '../source.ts';
import { type RecordFile, readRecords } from './record-file.ts';

/** Images are 32x32 in three planes (R, G, B), row-major. */
export const cifarImageSize = 32;
const planeBytes = cifarImageSize * cifarImageSize;
const pixelBytes = 3 * planeBytes;

/** Records read at a time while labels are collected (3 MB). */
const labelChunk = 1000;

/** How a CIFAR binary file is laid out: CIFAR-10 has one label byte before the pixels, CIFAR-100 two (coarse, fine). */
export interface CifarLayout {
  readonly labelBytes: number;
  /** Which of the label bytes is the class. */
  readonly labelAt: number;
  readonly classes: number;
}

/**
 * A CIFAR binary file as a part; pixels come out interleaved `[height, width, channels]`.
 * @throws {TrialError} MISSING_DATA when the size is not that of `expectedCount` records, or a label is out of range
 */
export async function openCifarFile(path: string, expectedCount: number, layout: CifarLayout): Promise<ImagePart> {
  const recordBytes = layout.labelBytes + pixelBytes;
  const sizeBytes = await fileSizeBytes(path);
  if (sizeBytes !== expectedCount * recordBytes) {
    throw missingData(
      `Cannot read CIFAR file "${path}": it has ${sizeBytes} bytes, expected ${expectedCount * recordBytes} (${expectedCount} records of ${recordBytes})`,
    );
  }
  const file: RecordFile = { path, headerBytes: 0, recordBytes, count: expectedCount };
  const labels = await readLabels(file, layout);
  return {
    count: expectedCount,
    labels,
    readPixels: async (indices, out) => {
      const records = new Uint8Array(indices.length * recordBytes);
      await readRecords(file, indices, records);
      for (let i = 0; i < indices.length; i += 1) {
        interleave(records, i * recordBytes + layout.labelBytes, out, i * pixelBytes);
      }
    },
  };
}

async function readLabels(file: RecordFile, layout: CifarLayout): Promise<Int32Array> {
  const labels = new Int32Array(file.count);
  for (let start = 0; start < file.count; start += labelChunk) {
    const count = Math.min(labelChunk, file.count - start);
    const records = await readRange(file.path, start * file.recordBytes, count * file.recordBytes);
    for (let i = 0; i < count; i += 1) {
      const label = records[i * file.recordBytes + layout.labelAt]!;
      if (label >= layout.classes) {
        throw missingData(
          `Cannot read CIFAR file "${file.path}": record ${start + i} has label ${label}, expected 0 to ${layout.classes - 1}`,
        );
      }
      labels[start + i] = label;
    }
  }
  return labels;
}

function interleave(planes: Uint8Array, from: number, out: Uint8Array, to: number): void {
  for (let pixel = 0; pixel < planeBytes; pixel += 1) {
    out[to + 3 * pixel] = planes[from + pixel]!;
    out[to + 3 * pixel + 1] = planes[from + planeBytes + pixel]!;
    out[to + 3 * pixel + 2] = planes[from + 2 * planeBytes + pixel]!;
  }
}
