import { type RecordFile, readRecords } from './formats/record-file.ts';
import type { ImagePart } from './source.ts';

/** A part whose pixels are the records of a file. */
export function createRecordPart(file: RecordFile, labels: Int32Array): ImagePart {
  return {
    count: file.count,
    labels,
    readPixels: (indices, out) => readRecords(file, indices, out),
  };
}

/** A part whose pixels are in memory, `imageBytes` for each image. */
export function createMemoryPart(pixels: Uint8Array, labels: Int32Array, imageBytes: number): ImagePart {
  return {
    count: labels.length,
    labels,
    readPixels: async (indices, out) => copyImages(pixels, indices, out, imageBytes),
  };
}

/** Copies images `indices` of `pixels` into `out`, one after another. */
export function copyImages(pixels: Uint8Array, indices: ArrayLike<number>, out: Uint8Array, imageBytes: number): void {
  for (let slot = 0; slot < indices.length; slot += 1) {
    const from = indices[slot]! * imageBytes;
    out.set(pixels.subarray(from, from + imageBytes), slot * imageBytes);
  }
}

/** The images at `places` of a part, as a part. */
export function subsetOf(part: ImagePart, places: Int32Array): ImagePart {
  return {
    count: places.length,
    labels: Int32Array.from(places, (place) => part.labels[place]!),
    readPixels: (indices, out) =>
      part.readPixels(
        Int32Array.from(indices, (index) => places[index]!),
        out,
      ),
  };
}

/** Several parts behind one another, as one. */
export function joinParts(parts: readonly ImagePart[], imageBytes: number): ImagePart {
  const labels = Int32Array.from(parts.flatMap((part) => Array.from(part.labels)));
  const starts = parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + part.count, 0));
  return {
    count: labels.length,
    labels,
    readPixels: async (indices, out) => {
      for (const [i, part] of parts.entries()) {
        const start = starts[i]!;
        const slots = Array.from(indices, (_, slot) => slot).filter(
          (slot) => indices[slot]! >= start && indices[slot]! < start + part.count,
        );
        if (slots.length > 0) await readInto(part, slots, start, indices, out, imageBytes);
      }
    },
  };
}

async function readInto(
  part: ImagePart,
  slots: readonly number[],
  start: number,
  indices: ArrayLike<number>,
  out: Uint8Array,
  imageBytes: number,
): Promise<void> {
  const pixels = new Uint8Array(slots.length * imageBytes);
  const local = slots.map((slot) => indices[slot]! - start);
  await part.readPixels(local, pixels);
  for (const [i, slot] of slots.entries()) {
    out.set(pixels.subarray(i * imageBytes, (i + 1) * imageBytes), slot * imageBytes);
  }
}
