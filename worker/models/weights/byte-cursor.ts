/** Reads little-endian values from a place that moves forward, and never beyond the end. */
export interface ByteCursor {
  /** Of the next byte, from the start of the bytes. */
  offset(): number;
  /** A view of the next `count` bytes, no copy. */
  take(count: number): Uint8Array;
  /** The next unsigned integer of 1, 2 or 4 bytes. */
  uint(size: 1 | 2 | 4): number;
  int32(): number;
  /** The next unsigned 64-bit integer. @throws where it is above 2^53 - 1 */
  uint64(): number;
  /** The next float64, big-endian, as pickles have it. */
  float64(): number;
  /** UTF-8 text of `count` bytes. */
  text(count: number): string;
  /** Text up to the next newline, which is skipped. */
  line(): string;
}

const newline = 0x0a;

/** @param fail the error for a problem, which names the byte */
export function createByteCursor(bytes: Uint8Array, start: number, fail: (problem: string) => Error): ByteCursor {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let next = start;

  function advance(count: number): number {
    if (count > bytes.length - next) {
      throw fail(`it ends at byte ${bytes.length}, expected ${count} bytes from byte ${next}`);
    }
    next += count;
    return next - count;
  }
  function text(count: number): string {
    const at = advance(count);
    try {
      return decoder.decode(bytes.subarray(at, at + count));
    } catch (error) {
      if (error instanceof TypeError) throw fail(`its text at byte ${at} is not UTF-8`);
      throw error;
    }
  }
  return {
    offset: () => next,
    take: (count) => {
      const at = advance(count);
      return bytes.subarray(at, at + count);
    },
    uint: (size) => {
      const at = advance(size);
      if (size === 1) return view.getUint8(at);
      return size === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
    },
    int32: () => view.getInt32(advance(4), true),
    uint64: () => {
      const at = advance(8);
      const value = view.getBigUint64(at, true);
      if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw fail(`its size at byte ${at} is ${value}, which is absurd`);
      return Number(value);
    },
    float64: () => view.getFloat64(advance(8), false),
    text,
    line: () => {
      const end = bytes.indexOf(newline, next);
      if (end < 0) throw fail(`it ends at byte ${bytes.length} within a line that begins at byte ${next}`);
      const found = text(end - next);
      next += 1;
      return found;
    },
  };
}
