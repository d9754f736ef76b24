import { open } from 'node:fs/promises';
import { fileSizeBytes, readRange } from '../bounded-file.ts';
import { missingData } from '../missing-data.ts';
import { createRecordPart } from '../parts.ts';
import type { ImagePart } from '../source.ts';

/**
 * A packed file holds a dataset decoded and resized, ready for positional reads. Little-endian:
 *
 *     0   8 bytes  magic "ABKDIMGS"
 *     8   uint32   version 1
 *    12   uint32   height, width, channels
 *    24   uint32   images of train, val, test
 *    36   uint32   1 where there is a val part (which may not be empty), else 0
 *    40   int32[]  labels: train, val, test
 *     …   uint8[]  pixels in the same order, `[height, width, channels]` each
 */
const magic = 'ABKDIMGS';
const version = 1;
const headerBytes = 40;

/** Images produced before they are written and progress is told. */
const chunkImages = 256;

export interface PackedShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** What a packed file contains, pixels aside. */
export interface PackedContent {
  readonly shape: PackedShape;
  readonly train: Int32Array;
  readonly val: Int32Array | null;
  readonly test: Int32Array;
}

export interface PackedParts {
  readonly train: ImagePart;
  readonly val: ImagePart | null;
  readonly test: ImagePart;
}

/**
 * Writes a packed file. `produce` fills `out` with the pixels of the image at `position` (train, then val, then test);
 * at most `concurrency` calls run at once. The first failure ends it.
 */
export async function writePackedImages(
  path: string,
  content: PackedContent,
  options: {
    readonly produce: (position: number, out: Uint8Array) => Promise<void>;
    readonly concurrency: number;
    readonly progress: (done: number, total: number) => Promise<void>;
  },
): Promise<void> {
  const labels = allLabels(content);
  const imageBytes = imageBytesOf(content.shape);
  const handle = await open(path, 'w');
  try {
    await handle.appendFile(headerOf(content));
    await handle.appendFile(new Uint8Array(labels.buffer));
    for (let start = 0; start < labels.length; start += chunkImages) {
      const count = Math.min(chunkImages, labels.length - start);
      const pixels = new Uint8Array(count * imageBytes);
      await forEachBounded(count, options.concurrency, (i) =>
        options.produce(start + i, pixels.subarray(i * imageBytes, (i + 1) * imageBytes)),
      );
      await handle.appendFile(pixels);
      await options.progress(start + count, labels.length);
    }
  } finally {
    await handle.close();
  }
}

/** Size of the packed file of this content. */
export function packedSizeBytes(content: PackedContent): number {
  const images = allLabels(content).length;
  return headerBytes + images * (Int32Array.BYTES_PER_ELEMENT + imageBytesOf(content.shape));
}

/**
 * Opens a packed file whose shape and labels must be those of `expected`; only header and labels are read.
 * @throws {TrialError} MISSING_DATA when it is another file, or cut short
 */
export async function openPackedImages(path: string, expected: PackedContent): Promise<PackedParts> {
  const labels = allLabels(expected);
  const imageBytes = imageBytesOf(expected.shape);
  const head = Buffer.concat([headerOf(expected), new Uint8Array(labels.buffer)]);
  const expectedBytes = packedSizeBytes(expected);
  const sizeBytes = await fileSizeBytes(path);
  if (sizeBytes !== expectedBytes) {
    throw missingData(
      `Cannot use packed images "${path}": the file has ${sizeBytes} bytes, expected ${expectedBytes}; delete it to have it made again`,
    );
  }
  if (!head.equals(await readRange(path, 0, head.length))) {
    throw missingData(
      `Cannot use packed images "${path}": its header or labels are not those of the dataset; delete it to have it made again`,
    );
  }
  const partOf = (start: number, part: Int32Array) =>
    createRecordPart(
      { path, headerBytes: head.length + start * imageBytes, recordBytes: imageBytes, count: part.length },
      part,
    );
  const { train, val, test } = expected;
  return {
    train: partOf(0, train),
    val: val && partOf(train.length, val),
    test: partOf(train.length + (val?.length ?? 0), test),
  };
}

function headerOf({ shape, train, val, test }: PackedContent): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.write(magic, 'latin1');
  const fields = [version, shape.height, shape.width, shape.channels];
  const counts = [train.length, val?.length ?? 0, test.length, val === null ? 0 : 1];
  for (const [i, value] of [...fields, ...counts].entries()) header.writeUInt32LE(value, 8 + 4 * i);
  return header;
}

function allLabels({ train, val, test }: PackedContent): Int32Array {
  const labels = new Int32Array(train.length + (val?.length ?? 0) + test.length);
  labels.set(train);
  if (val !== null) labels.set(val, train.length);
  labels.set(test, labels.length - test.length);
  return labels;
}

function imageBytesOf(shape: PackedShape): number {
  return shape.height * shape.width * shape.channels;
}

/** Runs `run` for 0 to `count` - 1, at most `concurrency` at once; after a failure no further one starts. */
async function forEachBounded(count: number, concurrency: number, run: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const mine = next;
      next += 1;
      try {
        await run(mine);
      } catch (error) {
        next = count;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: concurrency }, lane));
  for (const outcome of lanes) if (outcome.status === 'rejected') throw outcome.reason;
}
