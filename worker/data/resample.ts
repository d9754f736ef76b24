/**
 * Name of the resampling below; part of dataset identities. The number changes when pixels would.
 * Plain IEEE arithmetic: the same pixels on every machine.
 */
export const resampling = 'bicubic1';

/** Interleaved 8-bit pixels `[height, width, channels]`. */
export interface PixelGrid {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/**
 * The centred square of an image at `size` x `size`: what resizing the shorter side and cutting out the centre gives.
 * Bicubic (a = -1/2), widened when it shrinks so that nothing aliases: what Pillow's BICUBIC does, which the
 * datasets' reference loaders use, rounding after either pass included. An image of that size comes back as it is.
 */
export function resampleSquare(image: PixelGrid, size: number): Uint8Array {
  const { height, width, channels } = image;
  if (height === size && width === size) return image.pixels;
  const side = Math.min(height, width);
  const columns = filterTaps(width, (width - side) / 2, side, size);
  const rows = filterTaps(height, (height - side) / 2, side, size);
  return filterRows(filterColumns(image, columns, size), rows, size, size * channels);
}

/** Which input pixels each output pixel sees, and with what weight. */
interface Taps {
  /** First input pixel that each output pixel sees. */
  readonly starts: Int32Array;
  /** How many weights each output pixel has; those beyond its own are 0 and stay unread. */
  readonly stride: number;
  /** Input pixels that each output pixel sees. */
  readonly counts: Int32Array;
  readonly weights: Float64Array;
}

/** Half the width of the cubic kernel at scale 1. */
const cubicSupport = 2;

function filterTaps(length: number, origin: number, side: number, size: number): Taps {
  const scale = side / size;
  const spread = Math.max(1, scale);
  const reach = cubicSupport * spread;
  const stride = 2 * Math.ceil(reach) + 1;
  const taps = {
    starts: new Int32Array(size),
    stride,
    counts: new Int32Array(size),
    weights: new Float64Array(size * stride),
  };
  for (let i = 0; i < size; i += 1) {
    const centre = origin + (i + 0.5) * scale;
    const start = Math.max(0, Math.floor(centre - reach + 0.5));
    const count = Math.min(length, Math.floor(centre + reach + 0.5)) - start;
    taps.starts[i] = start;
    taps.counts[i] = count;
    const weights = taps.weights.subarray(i * stride, i * stride + count);
    let sum = 0;
    for (let tap = 0; tap < count; tap += 1) {
      weights[tap] = cubic((start + tap + 0.5 - centre) / spread);
      sum += weights[tap]!;
    }
    for (let tap = 0; tap < count; tap += 1) weights[tap]! /= sum;
  }
  return taps;
}

/** Keys' cubic convolution kernel with a = -1/2 (Catmull-Rom). */
function cubic(signed: number): number {
  const x = Math.abs(signed);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  if (x < cubicSupport) return ((-0.5 * x + 2.5) * x - 4) * x + 2;
  return 0;
}

/** `[height, width, channels]` to `[height, size, channels]`; this kind of array rounds and clips by itself. */
function filterColumns(image: PixelGrid, taps: Taps, size: number): Uint8ClampedArray {
  const { pixels, height, width, channels } = image;
  const { starts, counts, weights, stride } = taps;
  const out = new Uint8ClampedArray(height * size * channels);
  for (let y = 0, to = 0; y < height; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const first = (y * width + starts[x]!) * channels;
      const firstWeight = x * stride;
      const endWeight = firstWeight + counts[x]!;
      for (let channel = 0; channel < channels; channel += 1, to += 1) {
        let sum = 0;
        for (let tap = firstWeight, from = first + channel; tap < endWeight; tap += 1, from += channels) {
          sum += weights[tap]! * pixels[from]!;
        }
        out[to] = sum;
      }
    }
  }
  return out;
}

/** `[height, rowLength]` to `[size, rowLength]`. */
function filterRows(rows: Uint8ClampedArray, taps: Taps, size: number, rowLength: number): Uint8Array {
  const { starts, counts, weights, stride } = taps;
  const out = new Uint8ClampedArray(size * rowLength);
  for (let y = 0; y < size; y += 1) {
    const first = starts[y]! * rowLength;
    const endWeight = y * stride + counts[y]!;
    for (let x = 0; x < rowLength; x += 1) {
      let sum = 0;
      for (let tap = y * stride, from = first + x; tap < endWeight; tap += 1, from += rowLength) {
        sum += weights[tap]! * rows[from]!;
      }
      out[y * rowLength + x] = sum;
    }
  }
  return new Uint8Array(out.buffer);
}
