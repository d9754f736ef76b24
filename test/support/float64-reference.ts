/**
 * Operations of neural networks written from their definitions in float64, with loops and nothing else: what the
 * backends are measured against. Derivatives come from central differences, so that they share no derivation with
 * the gradients under test.
 */
export interface Array64 {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

export function array64(shape: readonly number[], values: ArrayLike<number>): Array64 {
  return { shape, values: Float64Array.from(values) };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** An array of `shape` whose element at each index is `at(index)`. */
export function fill(shape: readonly number[], at: (index: readonly number[]) => number): Array64 {
  const values = new Float64Array(sizeOf(shape));
  const index = shape.map(() => 0);
  for (let flat = 0; flat < values.length; flat++) {
    values[flat] = at(index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
  }
  return { shape, values };
}

/** The element at `index`, or `outside` where the index leaves the array. */
export function at(array: Array64, index: readonly number[], outside = 0): number {
  let flat = 0;
  // Indexed: an iterator here doubles the time of a reference.
  for (let axis = 0; axis < index.length; axis++) {
    const position = index[axis]!;
    if (position < 0 || position >= array.shape[axis]!) return outside;
    flat = flat * array.shape[axis]! + position;
  }
  return array.values[flat]!;
}

export function map(x: Array64, f: (value: number) => number): Array64 {
  return { shape: x.shape, values: x.values.map(f) };
}

/** Geometry of a sliding window over rows and columns. */
export interface Window {
  readonly stride: number;
  readonly pad: 'same' | 'valid' | number;
}

interface Extent {
  readonly out: number;
  /** Pixels added before the first one. */
  readonly before: number;
}

/** Output length and padding along one axis, as TensorFlow defines them: 'same' puts the odd pixel behind. */
function extentOf(length: number, filter: number, { stride, pad }: Window): Extent {
  if (pad === 'valid') return { out: Math.floor((length - filter) / stride) + 1, before: 0 };
  if (pad !== 'same') return { out: Math.floor((length + 2 * pad - filter) / stride) + 1, before: pad };
  const out = Math.ceil(length / stride);
  return { out, before: Math.floor(Math.max(0, (out - 1) * stride + filter - length) / 2) };
}

/** x `[n, h, w, c]`, w `[kh, kw, c, o]`. */
export function conv2d(x: Array64, w: Array64, window: Window): Array64 {
  const [batch, height, width] = x.shape as [number, number, number];
  const [kh, kw, inputs, outputs] = w.shape as [number, number, number, number];
  const [rows, columns] = [extentOf(height, kh, window), extentOf(width, kw, window)];
  return fill([batch, rows.out, columns.out, outputs], ([n, i, j, o]) => {
    let sum = 0;
    for (let ky = 0; ky < kh; ky++) {
      for (let kx = 0; kx < kw; kx++) {
        const [y, z] = [i! * window.stride + ky - rows.before, j! * window.stride + kx - columns.before];
        for (let c = 0; c < inputs; c++) sum += at(x, [n!, y, z, c]) * at(w, [ky, kx, c, o!]);
      }
    }
    return sum;
  });
}

/** x `[n, h, w, c]`, w `[kh, kw, c, m]` to `[n, i, j, c m]`. */
export function depthwiseConv2d(x: Array64, w: Array64, window: Window): Array64 {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const [kh, kw, , multiplier] = w.shape as [number, number, number, number];
  const [rows, columns] = [extentOf(height, kh, window), extentOf(width, kw, window)];
  return fill([batch, rows.out, columns.out, channels * multiplier], ([n, i, j, o]) => {
    const [c, m] = [Math.floor(o! / multiplier), o! % multiplier];
    let sum = 0;
    for (let ky = 0; ky < kh; ky++) {
      for (let kx = 0; kx < kw; kx++) {
        const [y, z] = [i! * window.stride + ky - rows.before, j! * window.stride + kx - columns.before];
        sum += at(x, [n!, y, z, c]) * at(w, [ky, kx, c, m]);
      }
    }
    return sum;
  });
}

/** x plus a vector along its last axis. */
export function addPerChannel(x: Array64, bias: Array64): Array64 {
  return { shape: x.shape, values: x.values.map((value, i) => value + bias.values[i % bias.values.length]!) };
}

/** The largest, or the mean, of the pixels of each window; pixels outside the image do not count. */
export function pool(kind: 'max' | 'mean', x: Array64, size: number, window: Window): Array64 {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const [rows, columns] = [extentOf(height, size, window), extentOf(width, size, window)];
  return fill([batch, rows.out, columns.out, channels], ([n, i, j, c]) => {
    const seen: number[] = [];
    for (let ky = 0; ky < size; ky++) {
      for (let kx = 0; kx < size; kx++) {
        const [y, z] = [i! * window.stride + ky - rows.before, j! * window.stride + kx - columns.before];
        const value = at(x, [n!, y, z, c!], Number.NaN);
        if (!Number.isNaN(value)) seen.push(value);
      }
    }
    return kind === 'max' ? Math.max(...seen) : seen.reduce((sum, value) => sum + value, 0) / seen.length;
  });
}

/** op(a) . op(b) of matrices. */
export function matMul(a: Array64, b: Array64, transposeA: boolean, transposeB: boolean): Array64 {
  const inner = a.shape[transposeA ? 0 : 1]!;
  return fill([a.shape[transposeA ? 1 : 0]!, b.shape[transposeB ? 0 : 1]!], ([i, j]) => {
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      sum += at(a, transposeA ? [k, i!] : [i!, k]) * at(b, transposeB ? [j!, k] : [k, j!]);
    }
    return sum;
  });
}

/** ln softmax over the last of two axes. */
export function logSoftmax(x: Array64): Array64 {
  const width = x.shape[1]!;
  return fill(x.shape, ([i, j]) => {
    const row = Array.from({ length: width }, (_, k) => at(x, [i!, k]));
    const largest = Math.max(...row);
    const total = row.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    return at(x, [i!, j!]) - largest - Math.log(total);
  });
}

/** Mean and biased variance of each channel (last axis) over all other axes. */
export function batchMoments(x: Array64): { readonly mean: Array64; readonly variance: Array64 } {
  const channels = x.shape.at(-1)!;
  const count = x.values.length / channels;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  for (const [i, value] of x.values.entries()) mean[i % channels]! += value / count;
  for (const [i, value] of x.values.entries()) variance[i % channels]! += (value - mean[i % channels]!) ** 2 / count;
  return { mean: array64([channels], mean), variance: array64([channels], variance) };
}

/** (x - mean) / sqrt(variance + epsilon) * scale + offset, with the moments of the batch. */
export function batchNorm(x: Array64, scale: Array64, offset: Array64, epsilon: number): Array64 {
  const { mean, variance } = batchMoments(x);
  const values = x.values.map((value, i) => {
    const channel = i % scale.values.length;
    const normal = (value - mean.values[channel]!) / Math.sqrt(variance.values[channel]! + epsilon);
    return normal * scale.values[channel]! + offset.values[channel]!;
  });
  return { shape: x.shape, values };
}

/** Rows of x `[rows, width]`. */
export function gatherRows(x: Array64, rows: readonly number[]): Array64 {
  return fill([rows.length, x.shape[1]!], ([i, j]) => at(x, [rows[i!]!, j!]));
}

/** Sum of the rows of each segment; ids outside [0, segments) are left out. */
export function segmentSum(x: Array64, ids: readonly number[], segments: number): Array64 {
  return fill([segments, x.shape[1]!], ([s, j]) =>
    ids.reduce((sum, id, row) => sum + (id === s ? at(x, [row, j!]) : 0), 0),
  );
}

/**
 * Gradient of sum(upstream * f(inputs)) with respect to `inputs[which]` by central differences with step 1e-5, good to
 * about 1e-9 where f is smooth within that step. Only the flat indices in `elements`, where given; others are NaN.
 */
export function differentiate(
  f: (...inputs: readonly Array64[]) => Array64,
  inputs: readonly Array64[],
  which: number,
  upstream: Array64,
  elements?: readonly number[],
): Array64 {
  const step = 1e-5;
  const { shape, values } = inputs[which]!;
  const gradient = new Float64Array(values.length).fill(Number.NaN);
  const objective = (flat: number, by: number) => {
    const moved = Float64Array.from(values);
    moved[flat]! += by;
    const result = f(...inputs.map((input, i) => (i === which ? { shape, values: moved } : input)));
    return result.values.reduce((sum, value, i) => sum + value * upstream.values[i]!, 0);
  };
  for (const flat of elements ?? values.keys()) {
    gradient[flat] = (objective(flat, step) - objective(flat, -step)) / (2 * step);
  }
  return { shape, values: gradient };
}
