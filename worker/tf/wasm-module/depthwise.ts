/**
 * Gradients of depthwise convolutions, NHWC. Output channel c `multiplier` + m belongs to channel c of the input. Every
 * pair of an input and an output pixel that a tap brings together adds products of their channels.
 */
import { add, mul } from './lanes';

/** dx [batch, height, width, channels] from dy and filter [filterHeight, filterWidth, channels, multiplier]. */
export function depthwiseInputGradient(
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  filter: usize,
  filterHeight: i32,
  filterWidth: i32,
  multiplier: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  dy: usize,
  outHeight: i32,
  outWidth: i32,
): void {
  const image = <usize>(height * width * channels) << 2;
  memory.fill(dx, 0, <usize>batch * image);
  for (let n = 0; n < batch; n++, dx += image) {
    for (let i = 0; i < outHeight; i++) {
      for (let ky = 0; ky < filterHeight; ky++) {
        const row = i * strideHeight + ky * dilationHeight - top;
        if (row < 0 || row >= height) continue;
        for (let j = 0; j < outWidth; j++) {
          const out = dy + (<usize>(((n * outHeight + i) * outWidth + j) * channels * multiplier) << 2);
          for (let kx = 0; kx < filterWidth; kx++) {
            const column = j * strideWidth + kx * dilationWidth - left;
            if (column < 0 || column >= width) continue;
            const pixel = dx + (<usize>((row * width + column) * channels) << 2);
            const tap = filter + (<usize>((ky * filterWidth + kx) * channels * multiplier) << 2);
            if (multiplier === 1) addProducts(out, tap, channels, pixel);
            else addToInput(out, tap, channels, multiplier, pixel);
          }
        }
      }
    }
  }
}

/**
 * dw [filterHeight, filterWidth, channels, multiplier] from x and dy. Sums over an image before they are added up, in
 * `scratch` of the size of dw.
 */
export function depthwiseFilterGradient(
  x: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  dw: usize,
  filterHeight: i32,
  filterWidth: i32,
  multiplier: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  dy: usize,
  outHeight: i32,
  outWidth: i32,
  scratch: usize,
): void {
  const image = <usize>(height * width * channels) << 2;
  const size = <usize>(filterHeight * filterWidth * channels * multiplier) << 2;
  memory.fill(dw, 0, size);
  for (let n = 0; n < batch; n++, x += image) {
    memory.fill(scratch, 0, size);
    for (let i = 0; i < outHeight; i++) {
      for (let ky = 0; ky < filterHeight; ky++) {
        const row = i * strideHeight + ky * dilationHeight - top;
        if (row < 0 || row >= height) continue;
        for (let j = 0; j < outWidth; j++) {
          const out = dy + (<usize>(((n * outHeight + i) * outWidth + j) * channels * multiplier) << 2);
          for (let kx = 0; kx < filterWidth; kx++) {
            const column = j * strideWidth + kx * dilationWidth - left;
            if (column < 0 || column >= width) continue;
            const pixel = x + (<usize>((row * width + column) * channels) << 2);
            const tap = scratch + (<usize>((ky * filterWidth + kx) * channels * multiplier) << 2);
            if (multiplier === 1) addProducts(pixel, out, channels, tap);
            else addToFilter(pixel, out, channels, multiplier, tap);
          }
        }
      }
    }
    for (let at: usize = 0; at < size; at += 4) store<f32>(dw + at, load<f32>(dw + at) + load<f32>(scratch + at));
  }
}

/** to[c] += a[c] b[c] */
function addProducts(a: usize, b: usize, channels: i32, to: usize): void {
  let at: usize = 0;
  const end = <usize>channels << 2;
  for (; at < (end & ~15); at += 16) addProduct<v128>(a + at, b + at, to + at);
  for (; at < end; at += 4) addProduct<f32>(a + at, b + at, to + at);
}

@inline
function addProduct<T>(a: usize, b: usize, to: usize): void {
  store<T>(to, add<T>(load<T>(to), mul<T>(load<T>(a), load<T>(b))));
}

/** to[c] += Σ over m of dy[c, m] w[c, m] */
function addToInput(dy: usize, w: usize, channels: i32, multiplier: i32, to: usize): void {
  for (let c = 0; c < channels; c++, to += 4) {
    for (let m = 0; m < multiplier; m++, dy += 4, w += 4) addProduct<f32>(dy, w, to);
  }
}

/** to[c, m] += x[c] dy[c, m] */
function addToFilter(x: usize, dy: usize, channels: i32, multiplier: i32, to: usize): void {
  for (let c = 0; c < channels; c++, x += 4) {
    for (let m = 0; m < multiplier; m++, dy += 4, to += 4) addProduct<f32>(x, dy, to);
  }
}
