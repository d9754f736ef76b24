/** Gradients of convolutions of any filter and stride, without dilation. NHWC. */
import { addOuterProducts, multiplyPanel, panelPitch } from './products';

/** turned[taps - 1 - tap, o, c] = filter[tap, c, o]: the filter by which dy is convolved to dx. */
export function turnFilter(filter: usize, taps: i32, channels: i32, outChannels: i32, turned: usize): void {
  const size = channels * outChannels;
  for (let tap = 0; tap < taps; tap++) {
    const to = turned + (<usize>((taps - 1 - tap) * size) << 2);
    transpose(filter + (<usize>(tap * size) << 2), channels, outChannels, to);
  }
}

/** to [columns, rows] = the transpose of from [rows, columns] */
function transpose(from: usize, rows: i32, columns: i32, to: usize): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, from += 4) {
      store<f32>(to + (<usize>(column * rows + row) << 2), load<f32>(from));
    }
  }
}

/**
 * dw [filterHeight, filterWidth, channels, outChannels] = Σ over output pixels of x under the tap, times dy.
 * x has its padding around it: `rowPitch` and `imagePitch` are bytes from one row and image to the next. The taps of a
 * filter's row see neighbouring pixels, which together are one row of a matrix product.
 */
export function filterGradient(
  x: usize,
  batch: i32,
  rowPitch: usize,
  imagePitch: usize,
  channels: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  dy: usize,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  dw: usize,
): void {
  const outPixel = <usize>outChannels << 2;
  const rowWidth = filterWidth * channels;
  const step = <usize>(strideWidth * channels) << 2;
  const filterRow = <usize>rowWidth * outPixel;
  memory.fill(dw, 0, <usize>filterHeight * filterRow);
  for (let n = 0; n < batch; n++, x += imagePitch) {
    for (let i = 0; i < outHeight; i++, dy += <usize>outWidth * outPixel) {
      for (let ky = 0; ky < filterHeight; ky++) {
        const row = x + <usize>(i * strideHeight + ky) * rowPitch;
        addOuterProducts(row, step, rowWidth, dy, outPixel, outChannels, outWidth, dw + <usize>ky * filterRow);
      }
    }
  }
}

/** panels[tap][channel / 8][outChannel][8] of the filter, 0 where channels end: the factors of `inputGradient`. */
export function packInputPanels(filter: usize, taps: i32, channels: i32, outChannels: i32, panels: usize): void {
  const width = (channels + 7) >> 3;
  memory.fill(panels, 0, <usize>(taps * width * outChannels) * panelPitch);
  for (let tap = 0; tap < taps; tap++) {
    for (let c = 0; c < channels; c++) {
      const to = panels + <usize>((tap * width + (c >> 3)) * outChannels) * panelPitch + (<usize>(c & 7) << 2);
      for (let o = 0; o < outChannels; o++, filter += 4) store<f32>(to + <usize>o * panelPitch, load<f32>(filter));
    }
  }
}

/**
 * dx [batch, height, width, channels]: every output pixel gives dy . Wᵀ to the pixels under its taps. `scratch` has room
 * for 8 outWidth float32.
 */
export function inputGradient(
  dy: usize,
  batch: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  panels: usize,
  filterHeight: i32,
  filterWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
  dx: usize,
  height: i32,
  width: i32,
  channels: i32,
  scratch: usize,
): void {
  const pixel = <usize>channels << 2;
  const tapPanels = <usize>(((channels + 7) >> 3) * outChannels) * panelPitch;
  memory.fill(dx, 0, <usize>(batch * height * width) * pixel);
  for (let n = 0; n < batch; n++, dx += <usize>(height * width) * pixel) {
    for (let i = 0; i < outHeight; i++, dy += <usize>(outWidth * outChannels) << 2) {
      for (let ky = 0; ky < filterHeight; ky++) {
        const row = i * strideHeight + ky - top;
        if (row < 0 || row >= height) continue;
        for (let kx = 0; kx < filterWidth; kx++) {
          const first = firstInside(kx - left, strideWidth);
          const count = min(outWidth, firstInside(kx - left - width, strideWidth)) - first;
          if (count <= 0) continue;
          const from = dy + (<usize>(first * outChannels) << 2);
          const to = dx + <usize>(row * width + first * strideWidth + kx - left) * pixel;
          const tap = panels + <usize>(ky * filterWidth + kx) * tapPanels;
          addPixels(from, count, outChannels, tap, to, <usize>strideWidth * pixel, channels, scratch);
        }
      }
    }
  }
}

/** The least j >= 0 with j stride + offset >= 0. */
function firstInside(offset: i32, stride: i32): i32 {
  return offset >= 0 ? 0 : (stride - 1 - offset) / stride;
}

/** dx [count, channels] += dy [count, depth] . panels */
function addPixels(
  dy: usize,
  count: i32,
  depth: i32,
  panels: usize,
  dx: usize,
  dxPitch: usize,
  channels: i32,
  scratch: usize,
): void {
  const pitch = <usize>depth << 2;
  const panel = <usize>depth * panelPitch;
  let c = 0;
  for (; c + 8 <= channels; c += 8, panels += panel, dx += panelPitch) {
    multiplyPanel(dy, pitch, count, depth, panels, dx, dxPitch, true);
  }
  if (c === channels) return;
  multiplyPanel(dy, pitch, count, depth, panels, scratch, panelPitch, false);
  for (let row = 0; row < count; row++, dx += dxPitch, scratch += panelPitch) {
    for (let lane: usize = 0; lane < <usize>(channels - c) << 2; lane += 4) {
      store<f32>(dx + lane, load<f32>(dx + lane) + load<f32>(scratch + lane));
    }
  }
}
