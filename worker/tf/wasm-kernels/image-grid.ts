import type * as tf from '@tensorflow/tfjs-core';

export type ConvInfo = ReturnType<typeof tf.backend_util.computeConv2DInfo>;

/** Rows (columns) of an image that are `offset` modulo the stride. */
interface Phase {
  readonly row: number;
  readonly column: number;
}

/** Where a filter's tap finds its pixels: in which phase, how far from the output's place on the grid. */
interface Tap {
  /** Index into `phases`. */
  readonly phase: number;
  readonly shift: number;
}

/**
 * The places that one image takes in a sequence of images, so wide and high that a tap that leaves an image arrives at
 * zeros: between rows, between images, or in the margin around the sequence.
 */
export interface Grid {
  readonly width: number;
  readonly height: number;
  /** width height */
  readonly size: number;
  /** Zeros before and behind the whole sequence. */
  readonly margin: number;
  readonly phases: readonly Phase[];
  /** Row by row, as the filter's. */
  readonly taps: readonly Tap[];
}

interface Axis {
  readonly length: number;
  /** Per tap: offset modulo the stride, and whole strides. */
  readonly taps: readonly { readonly offset: number; readonly steps: number }[];
}

/**
 * A tap k sees pixel i s + k - before of the image: pixel i + steps of phase `offset`, with k - before = s steps + offset.
 * Steps below 0 must find zeros behind the previous row, steps beyond the last output before the next.
 */
function createAxis(input: number, output: number, filter: number, stride: number, before: number): Axis {
  const taps = Array.from({ length: filter }, (_, k) => {
    const steps = Math.floor((k - before) / stride);
    return { offset: k - before - steps * stride, steps };
  });
  const first = Math.min(0, taps[0]!.steps);
  const last = Math.max(0, taps.at(-1)!.steps);
  return { length: Math.max(Math.ceil(input / stride) - first, output + last), taps };
}

/** The grid of a convolution, NHWC, without dilation. */
export function createGrid(info: ConvInfo): Grid {
  const rows = createAxis(info.inHeight, info.outHeight, info.filterHeight, info.strideHeight, info.padInfo.top);
  const columns = createAxis(info.inWidth, info.outWidth, info.filterWidth, info.strideWidth, info.padInfo.left);
  const phases: Phase[] = [];
  const phaseOf = (row: number, column: number) => {
    const known = phases.findIndex((phase) => phase.row === row && phase.column === column);
    return known >= 0 ? known : phases.push({ row, column }) - 1;
  };
  const taps = rows.taps.flatMap((y) =>
    columns.taps.map((x) => ({ phase: phaseOf(y.offset, x.offset), shift: y.steps * columns.length + x.steps })),
  );
  return {
    width: columns.length,
    height: rows.length,
    size: rows.length * columns.length,
    margin: Math.max(...taps.map(({ shift }) => Math.abs(shift))),
    phases,
    taps,
  };
}

/**
 * planes[margin + ((phase c + channel) images + n) size + y width + x] = x[first + n, y s + row, x s + column, channel],
 * 0 everywhere else.
 */
export function writePlanes(
  x: Float32Array,
  planes: Float32Array,
  info: ConvInfo,
  grid: Grid,
  first: number,
  images: number,
): void {
  const { inChannels, inHeight, inWidth, strideHeight, strideWidth } = info;
  const planeLength = images * grid.size;
  planes.fill(0);
  for (const [p, phase] of grid.phases.entries()) {
    for (let n = 0; n < images; n++) {
      for (let y = phase.row, i = 0; y < inHeight; y += strideHeight, i++) {
        const row = ((first + n) * inHeight + y) * inWidth;
        const place = grid.margin + p * inChannels * planeLength + n * grid.size + i * grid.width;
        // Row by row, so that what all channels read again and again fits the first-level cache.
        for (let channel = 0; channel < inChannels; channel++) {
          let at = place + channel * planeLength;
          for (let column = phase.column; column < inWidth; column += strideWidth) {
            planes[at++] = x[(row + column) * inChannels + channel]!;
          }
        }
      }
    }
  }
}
