/**
 * Batch normalisation of x [rows, channels] by the statistics of its rows, and its gradient. Block by block of rows, so
 * small that what the first pass over a block reads lies in the cache for the second; sums run in float32 inside a
 * block and in float64 over the blocks, which is deterministic and more exact than one long float32 sum.
 */
import { add, mul, splat, sub } from './lanes';

/** Bytes of a block: half of a first-level cache of 32 KiB. */
const blockBytes = 1 << 14;
const fewestRows = 64;

function rowsPerBlock(channels: i32): i32 {
  return max(fewestRows, blockBytes / (channels << 2));
}

/**
 * y = (x - mean) scale / sqrt(variance + epsilon) + offset, with the mean and the biased variance.
 * `scratch` has room for 2 float64 and a float32 per channel.
 */
export function batchNormForward(
  x: usize,
  rows: i32,
  channels: i32,
  scale: usize,
  offset: usize,
  epsilon: f64,
  y: usize,
  mean: usize,
  variance: usize,
  scratch: usize,
): void {
  const factor = scratch + (<usize>channels << 4);
  sumMoments(x, rows, channels, scratch);
  for (let c: usize = 0; c < <usize>channels; c++) {
    const biased = load<f64>(scratch + (c << 4), 8) / <f64>rows;
    store<f32>(mean + (c << 2), <f32>load<f64>(scratch + (c << 4)));
    store<f32>(variance + (c << 2), <f32>biased);
    store<f32>(factor + (c << 2), <f32>(<f64>load<f32>(scale + (c << 2)) / Math.sqrt(biased + epsilon)));
  }
  const pitch = <usize>channels << 2;
  const vectors = pitch & ~15;
  const block = rowsPerBlock(channels);
  for (let first = 0; first < rows; first += block, x += <usize>block * pitch, y += <usize>block * pitch) {
    const count = min(block, rows - first);
    let c: usize = 0;
    for (; c < vectors; c += 16) normalise<v128>(x + c, y + c, count, pitch, mean + c, factor + c, offset + c);
    for (; c < pitch; c += 4) normalise<f32>(x + c, y + c, count, pitch, mean + c, factor + c, offset + c);
  }
}

function normalise<T>(x: usize, y: usize, rows: i32, pitch: usize, mean: usize, factor: usize, offset: usize): void {
  const m = load<T>(mean);
  const f = load<T>(factor);
  const o = load<T>(offset);
  for (const end = x + <usize>rows * pitch; x < end; x += pitch, y += pitch) {
    store<T>(y, add<T>(mul<T>(sub<T>(load<T>(x), m), f), o));
  }
}

/** Per channel the mean and the sum of squared distances from it, both float64, by the update for groups of values. */
function sumMoments(x: usize, rows: i32, channels: i32, moments: usize): void {
  memory.fill(moments, 0, <usize>channels << 4);
  const pitch = <usize>channels << 2;
  const vectors = pitch & ~15;
  const block = rowsPerBlock(channels);
  for (let first = 0; first < rows; first += block, x += <usize>block * pitch) {
    const count = min(block, rows - first);
    let c: usize = 0;
    for (; c < vectors; c += 16) addBlockOfFour(x + c, first, count, pitch, moments + (c << 2));
    for (; c < pitch; c += 4) addBlock(x + c, first, count, pitch, moments + (c << 2));
  }
}

function addBlockOfFour(x: usize, before: i32, count: i32, pitch: usize, moments: usize): void {
  const sum = sumOf<v128>(x, count, pitch);
  const centre = f32x4.mul(sum, f32x4.splat(1 / <f32>count));
  const spread = spreadOf<v128>(x, count, pitch, centre);
  merge(before, count, f32x4.extract_lane(sum, 0), f32x4.extract_lane(spread, 0), moments);
  merge(before, count, f32x4.extract_lane(sum, 1), f32x4.extract_lane(spread, 1), moments + 16);
  merge(before, count, f32x4.extract_lane(sum, 2), f32x4.extract_lane(spread, 2), moments + 32);
  merge(before, count, f32x4.extract_lane(sum, 3), f32x4.extract_lane(spread, 3), moments + 48);
}

function addBlock(x: usize, before: i32, count: i32, pitch: usize, moments: usize): void {
  const sum = sumOf<f32>(x, count, pitch);
  merge(before, count, sum, spreadOf<f32>(x, count, pitch, sum / <f32>count), moments);
}

/** Two sums, of the even and of the odd rows: half the digits lost, and the additions need not wait for each other. */
function sumOf<T>(x: usize, count: i32, pitch: usize): T {
  let even = splat<T>(0);
  let odd = even;
  const end = x + <usize>count * pitch;
  for (; x + pitch < end; x += pitch * 2) {
    even = add<T>(even, load<T>(x));
    odd = add<T>(odd, load<T>(x + pitch));
  }
  if (x < end) even = add<T>(even, load<T>(x));
  return add<T>(even, odd);
}

function spreadOf<T>(x: usize, count: i32, pitch: usize, centre: T): T {
  let even = splat<T>(0);
  let odd = even;
  const end = x + <usize>count * pitch;
  for (; x + pitch < end; x += pitch * 2) {
    const one = sub<T>(load<T>(x), centre);
    const other = sub<T>(load<T>(x + pitch), centre);
    even = add<T>(even, mul<T>(one, one));
    odd = add<T>(odd, mul<T>(other, other));
  }
  if (x < end) {
    const one = sub<T>(load<T>(x), centre);
    even = add<T>(even, mul<T>(one, one));
  }
  return add<T>(even, odd);
}

/** @see Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979 */
function merge(before: i32, count: i32, sum: f32, spread: f32, moments: usize): void {
  const mean = load<f64>(moments);
  const distance = <f64>sum / <f64>count - mean;
  const part = <f64>count / <f64>(before + count);
  store<f64>(moments, mean + distance * part);
  store<f64>(moments, load<f64>(moments, 8) + <f64>spread + distance * distance * part * <f64>before, 8);
}

/**
 * doffset = Σ dy, dscale = Σ dy x̂, dx = scale s (dy - (doffset + x̂ dscale) / rows) with s = 1 / sqrt(variance + epsilon)
 * and x̂ = (x - mean) s. `scratch` has room for 2 float64 and 3 float32 per channel.
 */
export function batchNormGradient(
  dy: usize,
  x: usize,
  rows: i32,
  channels: i32,
  scale: usize,
  mean: usize,
  variance: usize,
  epsilon: f64,
  dx: usize,
  dscale: usize,
  doffset: usize,
  scratch: usize,
): void {
  const pitch = <usize>channels << 2;
  const vectors = pitch & ~15;
  const factor = scratch + (<usize>channels << 4);
  const slope = factor + pitch;
  const shift = slope + pitch;
  sumProducts(dy, x, rows, channels, mean, scratch);
  for (let c: usize = 0; c < <usize>channels; c++) {
    const inverse = 1 / Math.sqrt(<f64>load<f32>(variance + (c << 2)) + epsilon);
    const total = load<f64>(scratch + (c << 4));
    const product = load<f64>(scratch + (c << 4), 8) * inverse;
    const gain = <f64>load<f32>(scale + (c << 2)) * inverse;
    store<f32>(doffset + (c << 2), <f32>total);
    store<f32>(dscale + (c << 2), <f32>product);
    store<f32>(factor + (c << 2), <f32>gain);
    store<f32>(slope + (c << 2), <f32>((-gain * inverse * product) / <f64>rows));
    store<f32>(shift + (c << 2), <f32>((-gain * total) / <f64>rows));
  }
  const block = rowsPerBlock(channels);
  for (let first = 0; first < rows; first += block) {
    const count = min(block, rows - first);
    let c: usize = 0;
    for (; c < vectors; c += 16) {
      inputGradient<v128>(dy + c, x + c, dx + c, count, pitch, mean + c, factor + c, slope + c, shift + c);
    }
    for (; c < pitch; c += 4) {
      inputGradient<f32>(dy + c, x + c, dx + c, count, pitch, mean + c, factor + c, slope + c, shift + c);
    }
    dy += <usize>block * pitch;
    x += <usize>block * pitch;
    dx += <usize>block * pitch;
  }
}

/** dx = dy factor + (x - mean) slope + shift */
function inputGradient<T>(
  dy: usize,
  x: usize,
  dx: usize,
  rows: i32,
  pitch: usize,
  mean: usize,
  factor: usize,
  slope: usize,
  shift: usize,
): void {
  const m = load<T>(mean);
  const f = load<T>(factor);
  const p = load<T>(slope);
  const q = load<T>(shift);
  for (const end = x + <usize>rows * pitch; x < end; x += pitch, dy += pitch, dx += pitch) {
    store<T>(dx, add<T>(add<T>(mul<T>(load<T>(dy), f), mul<T>(sub<T>(load<T>(x), m), p)), q));
  }
}

/** Per channel Σ dy and Σ dy (x - mean), both float64. */
function sumProducts(dy: usize, x: usize, rows: i32, channels: i32, mean: usize, sums: usize): void {
  memory.fill(sums, 0, <usize>channels << 4);
  const pitch = <usize>channels << 2;
  const vectors = pitch & ~15;
  const block = rowsPerBlock(channels);
  for (let first = 0; first < rows; first += block, x += <usize>block * pitch, dy += <usize>block * pitch) {
    const count = min(block, rows - first);
    let c: usize = 0;
    for (; c < vectors; c += 16) {
      const total = sumOf<v128>(dy + c, count, pitch);
      const product = productOf<v128>(dy + c, x + c, count, pitch, load<v128>(mean + c));
      const to = sums + (c << 2);
      addPair(to, f32x4.extract_lane(total, 0), f32x4.extract_lane(product, 0));
      addPair(to + 16, f32x4.extract_lane(total, 1), f32x4.extract_lane(product, 1));
      addPair(to + 32, f32x4.extract_lane(total, 2), f32x4.extract_lane(product, 2));
      addPair(to + 48, f32x4.extract_lane(total, 3), f32x4.extract_lane(product, 3));
    }
    for (; c < pitch; c += 4) {
      const product = productOf<f32>(dy + c, x + c, count, pitch, load<f32>(mean + c));
      addPair(sums + (c << 2), sumOf<f32>(dy + c, count, pitch), product);
    }
  }
}

function productOf<T>(dy: usize, x: usize, count: i32, pitch: usize, mean: T): T {
  let even = splat<T>(0);
  let odd = even;
  const end = x + <usize>count * pitch;
  for (; x + pitch < end; x += pitch * 2, dy += pitch * 2) {
    even = add<T>(even, mul<T>(load<T>(dy), sub<T>(load<T>(x), mean)));
    odd = add<T>(odd, mul<T>(load<T>(dy + pitch), sub<T>(load<T>(x + pitch), mean)));
  }
  if (x < end) even = add<T>(even, mul<T>(load<T>(dy), sub<T>(load<T>(x), mean)));
  return add<T>(even, odd);
}

function addPair(to: usize, first: f32, second: f32): void {
  store<f64>(to, load<f64>(to) + <f64>first);
  store<f64>(to, load<f64>(to, 8) + <f64>second, 8);
}
