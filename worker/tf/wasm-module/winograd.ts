/**
 * Convolutions of 3 x 3, stride 1, by Winograd's minimal filtering F(2 x 2, 3 x 3): 16 products for four outputs where
 * the definition takes 36, and for the filter's gradient F(3 x 3, 2 x 2) on the same tiles. NHWC; channels of the input
 * a multiple of 4, of the output of 8.
 *
 *     Y = Aᵀ [(G g Gᵀ) ∘ (Bᵀ d B)] A      d: 4 x 4 pixels of the input, Y: 2 x 2 of the output
 *
 * For each of the 16 places of a transformed tile, the products over tiles and channels are one matrix product. All
 * factors of the transforms are 0, ±1 and ±1/2, and sums are shorter than in a direct convolution: no digits are lost.
 * @see Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2016
 */
import { addOuterProducts, multiplyPanel, panelPitch } from './products';

const places: usize = 16;

/**
 * Bytes between a place's tiles and the next place's, beyond the tiles: a line of the cache, so that the places of one
 * tile, which are written together, do not all fall into the same set of it.
 */
const placeGap: usize = 64;

/** The same between tiles whose channels take so many bytes that every second or every tile would meet the same set. */
const widePixel: usize = 512;

function tilePitch(pixel: usize): usize {
  return pixel < widePixel ? pixel : pixel + placeGap;
}

/** Tiles that are transformed at a time: of 64 channels what half of a second-level cache of 512 KiB holds. */
const capacity: usize = 64;

function placePitch(pixel: usize): usize {
  return capacity * tilePitch(pixel) + placeGap;
}

/** Bytes that both procedures want as scratch: transformed filter, tiles of both sides, and a tile at an image's edge. */
export function winogradScratchBytes(channels: i32, outChannels: i32): usize {
  const pixel = <usize>channels << 2;
  const outPixel = <usize>outChannels << 2;
  return places * (<usize>channels * outPixel + placePitch(pixel) + placePitch(outPixel) + pixel);
}

/** u[place][outChannel / 8][channel][8] = (G g Gᵀ)[place] of filter [3, 3, channels, outChannels] */
function transformFilter(filter: usize, channels: i32, outChannels: i32, u: usize): void {
  const tap = <usize>(channels * outChannels) << 2;
  for (let c = 0; c < channels; c++) {
    for (let o = 0; o < outChannels; o += 4) {
      const g = filter + (<usize>(c * outChannels + o) << 2);
      const to = u + <usize>((o >> 3) * channels + c) * panelPitch + (<usize>(o & 4) << 2);
      transformFilterLanes(g, tap, to);
    }
  }
}

function transformFilterLanes(g: usize, tap: usize, u: usize): void {
  const half = f32x4.splat(0.5);
  const row = tap * 3;
  // Column by column of the filter: what the rows of G make of it.
  const a0 = v128.load(g);
  const a1 = v128.load(g + tap);
  const a2 = v128.load(g + tap * 2);
  const b0 = v128.load(g + row);
  const b1 = v128.load(g + row + tap);
  const b2 = v128.load(g + row + tap * 2);
  const c0 = v128.load(g + row * 2);
  const c1 = v128.load(g + row * 2 + tap);
  const c2 = v128.load(g + row * 2 + tap * 2);
  const s0 = f32x4.mul(f32x4.add(a0, c0), half);
  const s1 = f32x4.mul(f32x4.add(a1, c1), half);
  const s2 = f32x4.mul(f32x4.add(a2, c2), half);
  const h0 = f32x4.mul(b0, half);
  const h1 = f32x4.mul(b1, half);
  const h2 = f32x4.mul(b2, half);
  storeFilterRow(u, tap, a0, a1, a2);
  storeFilterRow(u + tap * 4, tap, f32x4.add(s0, h0), f32x4.add(s1, h1), f32x4.add(s2, h2));
  storeFilterRow(u + tap * 8, tap, f32x4.sub(s0, h0), f32x4.sub(s1, h1), f32x4.sub(s2, h2));
  storeFilterRow(u + tap * 12, tap, c0, c1, c2);
}

@inline
function storeFilterRow(u: usize, pitch: usize, a: v128, b: v128, c: v128): void {
  const half = f32x4.splat(0.5);
  const s = f32x4.mul(f32x4.add(a, c), half);
  const h = f32x4.mul(b, half);
  v128.store(u, a);
  v128.store(u + pitch, f32x4.add(s, h));
  v128.store(u + pitch * 2, f32x4.sub(s, h));
  v128.store(u + pitch * 3, c);
}

/**
 * y [batch, outHeight, outWidth, outChannels] = x, with `top` and `left` zeros before it, convolved with
 * filter [3, 3, channels, outChannels], plus bias [outChannels] where its address is not 0.
 */
export function winogradConvolution(
  x: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  filter: usize,
  bias: usize,
  y: usize,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  scratch: usize,
): void {
  const down = (outHeight + 1) >> 1;
  const across = (outWidth + 1) >> 1;
  const tiles = batch * down * across;
  const pixel = <usize>channels << 2;
  const outPixel = <usize>outChannels << 2;
  const vTile = tilePitch(pixel);
  const mTile = tilePitch(outPixel);
  const vPlace = placePitch(pixel);
  const mPlace = placePitch(outPixel);
  const panel = <usize>channels * panelPitch;
  const v = scratch + places * <usize>channels * outPixel;
  const m = v + vPlace * places;
  const patch = m + mPlace * places;
  transformFilter(filter, channels, outChannels, scratch);
  for (let first = 0; first < tiles; first += <i32>capacity) {
    const count = min(<i32>capacity, tiles - first);
    gatherInput(x, height, width, channels, top, left, down, across, first, count, v, vTile, vPlace, patch);
    let u = scratch;
    for (let place: usize = 0; place < places; place++) {
      const a = v + place * vPlace;
      const c = m + place * mPlace;
      for (let o: usize = 0; o < outPixel; o += panelPitch, u += panel) {
        multiplyPanel(a, vTile, count, channels, u, c + o, mTile, false);
      }
    }
    scatterOutput(m, mTile, mPlace, first, count, down, across, bias, y, outHeight, outWidth, outPixel);
  }
}

/** v[place][tile][channel] = Bᵀ d B of the tiles from `first` on, which count over images, rows and columns. */
function gatherInput(
  x: usize,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  down: i32,
  across: i32,
  first: i32,
  count: i32,
  v: usize,
  vTile: usize,
  vPlace: usize,
  patch: usize,
): void {
  const pixel = <usize>channels << 2;
  const rowPitch = <usize>width * pixel;
  for (let tile = first; tile < first + count; tile++, v += vTile) {
    const column = (tile % across) * 2 - left;
    const line = tile / across;
    const row = (line % down) * 2 - top;
    const image = x + <usize>(line / down) * <usize>height * rowPitch;
    if (row >= 0 && row + 4 <= height && column >= 0 && column + 4 <= width) {
      transformInput(image + <usize>row * rowPitch + <usize>column * pixel, rowPitch, pixel, v, vPlace);
    } else {
      copyPatch(image, height, width, row, column, pixel, patch);
      transformInput(patch, pixel * 4, pixel, v, vPlace);
    }
  }
}

/** 4 x 4 pixels of an image, 0 outside it. */
function copyPatch(image: usize, height: i32, width: i32, row: i32, column: i32, pixel: usize, patch: usize): void {
  const zero = f32x4.splat(0);
  for (let i = row; i < row + 4; i++) {
    for (let j = column; j < column + 4; j++, patch += pixel) {
      if (i >= 0 && i < height && j >= 0 && j < width) {
        const from = image + <usize>(i * width + j) * pixel;
        for (let c: usize = 0; c < pixel; c += 16) v128.store(patch + c, v128.load(from + c));
      } else {
        for (let c: usize = 0; c < pixel; c += 16) v128.store(patch + c, zero);
      }
    }
  }
}

function transformInput(d0: usize, rowPitch: usize, pixel: usize, v: usize, vPlace: usize): void {
  const two = pixel * 2;
  const three = pixel * 3;
  let d1 = d0 + rowPitch;
  let d2 = d1 + rowPitch;
  let d3 = d2 + rowPitch;
  for (const end = d0 + pixel; d0 < end; d0 += 16, d1 += 16, d2 += 16, d3 += 16, v += 16) {
    storeInputRow(
      v,
      vPlace,
      f32x4.sub(v128.load(d0), v128.load(d2)),
      f32x4.sub(v128.load(d0 + pixel), v128.load(d2 + pixel)),
      f32x4.sub(v128.load(d0 + two), v128.load(d2 + two)),
      f32x4.sub(v128.load(d0 + three), v128.load(d2 + three)),
    );
    storeInputRow(
      v + vPlace * 4,
      vPlace,
      f32x4.add(v128.load(d1), v128.load(d2)),
      f32x4.add(v128.load(d1 + pixel), v128.load(d2 + pixel)),
      f32x4.add(v128.load(d1 + two), v128.load(d2 + two)),
      f32x4.add(v128.load(d1 + three), v128.load(d2 + three)),
    );
    storeInputRow(
      v + vPlace * 8,
      vPlace,
      f32x4.sub(v128.load(d2), v128.load(d1)),
      f32x4.sub(v128.load(d2 + pixel), v128.load(d1 + pixel)),
      f32x4.sub(v128.load(d2 + two), v128.load(d1 + two)),
      f32x4.sub(v128.load(d2 + three), v128.load(d1 + three)),
    );
    storeInputRow(
      v + vPlace * 12,
      vPlace,
      f32x4.sub(v128.load(d1), v128.load(d3)),
      f32x4.sub(v128.load(d1 + pixel), v128.load(d3 + pixel)),
      f32x4.sub(v128.load(d1 + two), v128.load(d3 + two)),
      f32x4.sub(v128.load(d1 + three), v128.load(d3 + three)),
    );
  }
}

@inline
function storeInputRow(v: usize, vPlace: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(v, f32x4.sub(a, c));
  v128.store(v + vPlace, f32x4.add(b, c));
  v128.store(v + vPlace * 2, f32x4.sub(c, b));
  v128.store(v + vPlace * 3, f32x4.sub(b, d));
}

/** y of the tiles from `first` on = Aᵀ m A + bias. Of tiles that reach over the output's end, what is inside. */
function scatterOutput(
  m: usize,
  mTile: usize,
  mPlace: usize,
  first: i32,
  count: i32,
  down: i32,
  across: i32,
  bias: usize,
  y: usize,
  outHeight: i32,
  outWidth: i32,
  outPixel: usize,
): void {
  for (let tile = first; tile < first + count; tile++, m += mTile) {
    const column = (tile % across) * 2;
    const line = tile / across;
    const row = (line % down) * 2;
    const to = y + <usize>(((line / down) * outHeight + row) * outWidth + column) * outPixel;
    // A second row or column that is not there is written before the first, to its place.
    const right = column + 1 < outWidth ? outPixel : 0;
    const below = row + 1 < outHeight ? <usize>outWidth * outPixel : 0;
    transformOutput(m, mPlace, bias, to, right, below, outPixel);
  }
}

function transformOutput(
  m: usize,
  mPlace: usize,
  bias: usize,
  y: usize,
  right: usize,
  below: usize,
  outPixel: usize,
): void {
  for (let c: usize = 0; c < outPixel; c += 16, m += 16, y += 16) {
    let m1 = v128.load(m + mPlace * 4);
    let m2 = v128.load(m + mPlace * 8);
    let sum = f32x4.add(m1, m2);
    let difference = f32x4.sub(m1, m2);
    const a0 = f32x4.add(v128.load(m), sum);
    const b0 = f32x4.sub(difference, v128.load(m + mPlace * 12));
    m1 = v128.load(m + mPlace * 5);
    m2 = v128.load(m + mPlace * 9);
    const a1 = f32x4.add(v128.load(m + mPlace), f32x4.add(m1, m2));
    const b1 = f32x4.sub(f32x4.sub(m1, m2), v128.load(m + mPlace * 13));
    m1 = v128.load(m + mPlace * 6);
    m2 = v128.load(m + mPlace * 10);
    const a2 = f32x4.add(v128.load(m + mPlace * 2), f32x4.add(m1, m2));
    const b2 = f32x4.sub(f32x4.sub(m1, m2), v128.load(m + mPlace * 14));
    m1 = v128.load(m + mPlace * 7);
    m2 = v128.load(m + mPlace * 11);
    const a3 = f32x4.add(v128.load(m + mPlace * 3), f32x4.add(m1, m2));
    const b3 = f32x4.sub(f32x4.sub(m1, m2), v128.load(m + mPlace * 15));
    const shift = bias === 0 ? f32x4.splat(0) : v128.load(bias + c);
    sum = f32x4.add(b1, b2);
    difference = f32x4.sub(b1, b2);
    v128.store(y + below + right, f32x4.add(f32x4.sub(difference, b3), shift));
    v128.store(y + below, f32x4.add(f32x4.add(b0, sum), shift));
    sum = f32x4.add(a1, a2);
    difference = f32x4.sub(a1, a2);
    v128.store(y + right, f32x4.add(f32x4.sub(difference, a3), shift));
    v128.store(y, f32x4.add(f32x4.add(a0, sum), shift));
  }
}

/** dw [3, 3, channels, outChannels] of the same convolution, from dy. */
export function winogradFilterGradient(
  x: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  dy: usize,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  dw: usize,
  scratch: usize,
): void {
  const down = (outHeight + 1) >> 1;
  const across = (outWidth + 1) >> 1;
  const tiles = batch * down * across;
  const pixel = <usize>channels << 2;
  const outPixel = <usize>outChannels << 2;
  const vTile = tilePitch(pixel);
  const uTile = tilePitch(outPixel);
  const vPlace = placePitch(pixel);
  const uPlace = placePitch(outPixel);
  const tap = <usize>channels * outPixel;
  const v = scratch + tap * places;
  const u = v + vPlace * places;
  const patch = u + uPlace * places;
  memory.fill(scratch, 0, tap * places);
  for (let first = 0; first < tiles; first += <i32>capacity) {
    const count = min(<i32>capacity, tiles - first);
    gatherInput(x, height, width, channels, top, left, down, across, first, count, v, vTile, vPlace, patch);
    gatherUpstream(dy, outHeight, outWidth, outPixel, down, across, first, count, u, uTile, uPlace);
    for (let place: usize = 0; place < places; place++) {
      const m = scratch + place * tap;
      addOuterProducts(v + place * vPlace, vTile, channels, u + place * uPlace, uTile, outChannels, count, m);
    }
  }
  for (let at: usize = 0; at < tap; at += 16) transformGradient(scratch + at, dw + at, tap);
}

/** u[place][tile][outChannel] = 4 G dy Gᵀ of the tiles from `first` on; the 4 is taken out where sums become dw. */
function gatherUpstream(
  dy: usize,
  outHeight: i32,
  outWidth: i32,
  outPixel: usize,
  down: i32,
  across: i32,
  first: i32,
  count: i32,
  u: usize,
  uTile: usize,
  uPlace: usize,
): void {
  const rowPitch = <usize>outWidth * outPixel;
  for (let tile = first; tile < first + count; tile++, u += uTile) {
    const column = (tile % across) * 2;
    const line = tile / across;
    const row = (line % down) * 2;
    const from = dy + <usize>((line / down) * outHeight + row) * rowPitch + <usize>column * outPixel;
    const hasRight = column + 1 < outWidth;
    const hasBelow = row + 1 < outHeight;
    for (let c: usize = 0; c < outPixel; c += 16) {
      const zero = f32x4.splat(0);
      const a0 = v128.load(from + c);
      const a1 = hasRight ? v128.load(from + outPixel + c) : zero;
      const b0 = hasBelow ? v128.load(from + rowPitch + c) : zero;
      const b1 = hasRight && hasBelow ? v128.load(from + rowPitch + outPixel + c) : zero;
      storeUpstreamRow(u + c, uPlace, a0, a1);
      storeUpstreamRow(u + c + uPlace * 4, uPlace, f32x4.add(a0, b0), f32x4.add(a1, b1));
      storeUpstreamRow(u + c + uPlace * 8, uPlace, f32x4.sub(a0, b0), f32x4.sub(a1, b1));
      storeUpstreamRow(u + c + uPlace * 12, uPlace, b0, b1);
    }
  }
}

@inline
function storeUpstreamRow(u: usize, uPlace: usize, a: v128, b: v128): void {
  v128.store(u, a);
  v128.store(u + uPlace, f32x4.add(a, b));
  v128.store(u + uPlace * 2, f32x4.sub(a, b));
  v128.store(u + uPlace * 3, b);
}

/** dw = Aᵀ m A of F(3 x 3, 2 x 2), rows first. */
function transformGradient(m: usize, dw: usize, tap: usize): void {
  const half = f32x4.splat(0.5);
  for (let row: usize = 0; row < 3; row++) {
    const a = gradientColumn(m, tap, row, half);
    const b = f32x4.mul(gradientColumn(m + tap, tap, row, half), half);
    const c = f32x4.mul(gradientColumn(m + tap * 2, tap, row, half), half);
    const d = gradientColumn(m + tap * 3, tap, row, half);
    const to = dw + tap * 3 * row;
    v128.store(to, f32x4.add(a, f32x4.add(b, c)));
    v128.store(to + tap, f32x4.sub(b, c));
    v128.store(to + tap * 2, f32x4.sub(f32x4.add(b, c), d));
  }
}

/** Row `row` of Aᵀ times a column of m, whose elements lie four taps apart. */
function gradientColumn(m: usize, tap: usize, row: usize, half: v128): v128 {
  const b = f32x4.mul(v128.load(m + tap * 4), half);
  const c = f32x4.mul(v128.load(m + tap * 8), half);
  if (row === 1) return f32x4.sub(b, c);
  const sum = f32x4.add(b, c);
  return row === 0 ? f32x4.add(v128.load(m), sum) : f32x4.sub(sum, v128.load(m + tap * 12));
}
