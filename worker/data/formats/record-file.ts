import { type FileHandle, open } from 'node:fs/promises';
import { fillFrom } from '../bounded-file.ts';
import { unreadableFile } from '../missing-data.ts';

/** A file of equally long records behind a header. */
export interface RecordFile {
  readonly path: string;
  readonly headerBytes: number;
  readonly recordBytes: number;
  readonly count: number;
}

/** Bytes that one read may fetch; bounds the scratch buffer. */
const maxSpanBytes = 4 << 20;
/** Reading over a gap this small is cheaper than another system call. */
const maxGapBytes = 16 << 10;

/** Records `first` to `last`, both included, which one read fetches; `slots` are places in the caller's list. */
interface Span {
  readonly first: number;
  last: number;
  readonly slots: number[];
}

/**
 * Copies the records at `indices` into `out`, in the order of `indices`.
 * Neighbouring records are fetched together; the file is open only during the call.
 * @throws {TrialError} MISSING_DATA when the file is shorter than its count
 */
export async function readRecords(file: RecordFile, indices: ArrayLike<number>, out: Uint8Array): Promise<void> {
  const { path } = file;
  const handle = await open(path, 'r').catch((error: unknown) => Promise.reject(unreadableFile(path, error)));
  try {
    await readOpenRecords(handle, file, indices, out);
  } finally {
    await handle.close();
  }
}

/** As `readRecords`, from a file that is open already. */
export async function readOpenRecords(
  handle: FileHandle,
  file: RecordFile,
  indices: ArrayLike<number>,
  out: Uint8Array,
): Promise<void> {
  const { recordBytes, headerBytes, path } = file;
  if (out.length !== indices.length * recordBytes) {
    throw new RangeError(`Cannot read ${indices.length} records of ${recordBytes} bytes into ${out.length} bytes`);
  }
  for (const span of planSpans(file, indices)) {
    const scratch = Buffer.allocUnsafe((span.last - span.first + 1) * recordBytes);
    await fillFrom(handle, path, headerBytes + span.first * recordBytes, scratch);
    for (const slot of span.slots) {
      const from = (indices[slot]! - span.first) * recordBytes;
      out.set(scratch.subarray(from, from + recordBytes), slot * recordBytes);
    }
  }
}

function planSpans(file: RecordFile, indices: ArrayLike<number>): Span[] {
  const slots = Array.from(indices, (index, slot) => {
    if (!Number.isInteger(index) || index < 0 || index >= file.count) {
      throw new RangeError(`Cannot read record ${index} of "${file.path}": it has ${file.count} records`);
    }
    return slot;
  }).sort((a, b) => indices[a]! - indices[b]!);
  const spans: Span[] = [];
  for (const slot of slots) {
    const index = indices[slot]!;
    const span = spans.at(-1);
    if (span !== undefined && joins(file, span, index)) {
      span.last = index;
      span.slots.push(slot);
    } else {
      spans.push({ first: index, last: index, slots: [slot] });
    }
  }
  return spans;
}

function joins(file: RecordFile, span: Span, index: number): boolean {
  const gapBytes = (index - span.last - 1) * file.recordBytes;
  return gapBytes <= maxGapBytes && (index - span.first + 1) * file.recordBytes <= maxSpanBytes;
}
