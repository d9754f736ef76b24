import { type FileHandle, open } from 'node:fs/promises';
import { fillFrom } from '../data/bounded-file.ts';
import { type RecordFile, readOpenRecords } from '../data/formats/record-file.ts';
import { TrialError } from '../trial/failure.ts';
import { keepUsed } from '../used-files.ts';

/**
 * A file of logits, one row per image, ready for positional reads. Little-endian:
 *
 *     0   8 bytes    magic "ABKDLGTS"
 *     8   uint32     version 1
 *    12   uint32     images, classes
 *    20   float32[]  logits `[images, classes]`
 */
const magic = 'ABKDLGTS';
const version = 1;
const headerBytes = 20;
const floatBytes = Float32Array.BYTES_PER_ELEMENT;

/** Files up to this size are read into memory when they are opened (CIFAR-100 has 20 MB); of larger ones, rows. */
const maxHeldBytes = 64 << 20;

export interface LogitShape {
  readonly images: number;
  readonly classes: number;
}

/** An open file of logits. Disposing it closes the file. */
export interface LogitRows extends AsyncDisposable {
  /** Copies the rows of `images` into `out`, `[images.length, classes]`, in their order. */
  read(images: Int32Array, out: Float32Array): Promise<void>;
}

export function logitFileBytes({ images, classes }: LogitShape): number {
  return headerBytes + images * classes * floatBytes;
}

/**
 * Writes a file of logits as they come: `batches` yields rows in the order of the images.
 * @throws {TrialError} EXCEPTION where they are not `shape.images` rows
 */
export async function writeLogitRows(
  path: string,
  shape: LogitShape,
  batches: AsyncIterable<Float32Array>,
): Promise<void> {
  const file = await open(path, 'w');
  try {
    // The length that the file will have reserves its room among those who share the disk.
    await file.truncate(logitFileBytes(shape));
    await file.write(headerOf(shape), 0, headerBytes, 0);
    let position = headerBytes;
    for await (const rows of batches) {
      const bytes = bytesOf(rows);
      await writeAll(file, bytes, position);
      position += bytes.length;
    }
    if (position !== logitFileBytes(shape)) {
      const images = (position - headerBytes) / (shape.classes * floatBytes);
      throw new TrialError('EXCEPTION', `Cannot write teacher outputs: ${images} rows, expected ${shape.images}`);
    }
  } finally {
    await file.close();
  }
}

/**
 * Opens a file of logits of this shape.
 * @throws {TrialError} MISSING_DATA when it is another file, or cut short
 */
export async function openLogitRows(
  path: string,
  shape: LogitShape,
  heldBytes: number = maxHeldBytes,
): Promise<LogitRows> {
  const file = await open(path, 'r');
  try {
    await assertLogitFile(file, path, shape);
    if (logitFileBytes(shape) > heldBytes) return rowsInFile(file, path, shape);
    const held = new Float32Array(shape.images * shape.classes);
    await fillFrom(file, path, headerBytes, bytesOf(held));
    await file.close();
    return rowsInMemory(held, shape.classes);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function rowsInMemory(logits: Float32Array, classes: number): LogitRows {
  return {
    read: async (images, out) => {
      for (const [row, image] of images.entries()) {
        out.set(logits.subarray(image * classes, (image + 1) * classes), row * classes);
      }
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function rowsInFile(file: FileHandle, path: string, { images, classes }: LogitShape): LogitRows {
  const records: RecordFile = { path, headerBytes, recordBytes: classes * floatBytes, count: images };
  const use = keepUsed(path);
  return {
    read: (wanted, out) => readOpenRecords(file, records, wanted, bytesOf(out.subarray(0, wanted.length * classes))),
    [Symbol.asyncDispose]: () => {
      use[Symbol.dispose]();
      return file.close();
    },
  };
}

async function assertLogitFile(file: FileHandle, path: string, shape: LogitShape): Promise<void> {
  const { size } = await file.stat();
  if (size !== logitFileBytes(shape)) {
    throw new TrialError(
      'MISSING_DATA',
      `Cannot use teacher outputs "${path}": the file has ${size} bytes, expected ${logitFileBytes(shape)}; delete it to have it made again`,
    );
  }
  const header = Buffer.alloc(headerBytes);
  await fillFrom(file, path, 0, header);
  if (header.equals(headerOf(shape))) return;
  throw new TrialError(
    'MISSING_DATA',
    `Cannot use teacher outputs "${path}": its header is not that of ${shape.images} images and ${shape.classes} classes; delete it to have it made again`,
  );
}

function headerOf({ images, classes }: LogitShape): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.write(magic, 'latin1');
  for (const [i, value] of [version, images, classes].entries()) header.writeUInt32LE(value, 8 + 4 * i);
  return header;
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

/** The memory of logits as bytes, without a copy. */
function bytesOf(logits: Float32Array): Uint8Array {
  return new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength);
}
