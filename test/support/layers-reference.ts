/** Layers in float64 straight from their definitions, to compare the real ones with. Axes: [batch, height, width, channels]. */
import { createRandom } from '../../core/random.ts';

export interface Maps {
  readonly shape: readonly [batch: number, height: number, width: number, channels: number];
  readonly values: Float64Array;
}

/** Normal values around `mean`, rounded to float32 so that both sides start from the same numbers. */
export function randomMaps(seed: number, shape: Maps['shape'], mean = 0): Maps {
  const random = createRandom(seed);
  const length = shape.reduce((product, size) => product * size, 1);
  return { shape, values: Float64Array.from({ length }, () => Math.fround(mean + random.normal())) };
}

interface WindowSpec {
  readonly kernel: number;
  readonly stride: number;
}

/** Cross-correlation with (kernel - 1) / 2 zeros on every side; filter [kernel, kernel, in / groups, out]. */
export function convReference(
  x: Maps,
  filter: ArrayLike<number>,
  spec: WindowSpec & { readonly outputs: number; readonly groups: number },
): Maps {
  const { kernel, stride, outputs, groups } = spec;
  const [, , , inputs] = x.shape;
  const perGroup = inputs / groups;
  return slideWindow(x, { kernel, stride }, outputs, (at, output) => {
    const firstInput = Math.floor((output * groups) / outputs) * perGroup;
    let sum = 0;
    for (let i = 0; i < kernel * kernel; i += 1) {
      for (let channel = 0; channel < perGroup; channel += 1) {
        sum += at(i, firstInput + channel) * filter[(i * perGroup + channel) * outputs + output]!;
      }
    }
    return sum;
  });
}

/** The mean of each window, the zeros around the image included. */
export function avgPoolReference(x: Maps, { kernel, stride }: WindowSpec): Maps {
  return slideWindow(x, { kernel, stride }, x.shape[3], (at, channel) => {
    let sum = 0;
    for (let i = 0; i < kernel * kernel; i += 1) sum += at(i, channel);
    return sum / kernel ** 2;
  });
}

export interface NormReference {
  readonly y: Float64Array;
  readonly mean: Float64Array;
  /** Over n - 1. */
  readonly unbiasedVariance: Float64Array;
  readonly dx: Float64Array;
  readonly dGamma: Float64Array;
  readonly dBeta: Float64Array;
}

/**
 * Batch normalisation in training with eps 1e-5, and the gradients for a given dy, from the chain rule through mean and
 * variance separately: dv = Σ dy γ (x - m) (-½)(v + ε)^(-3/2), dm = -Σ dy γ s, dx = dy γ s + dv 2 (x - m) / n + dm / n.
 */
export function normReference(
  x: Maps,
  gamma: ArrayLike<number>,
  beta: ArrayLike<number>,
  dy: ArrayLike<number>,
): NormReference {
  const channels = x.shape[3];
  const count = x.values.length / channels;
  const vector = () => new Float64Array(channels);
  const result = { mean: vector(), unbiasedVariance: vector(), dGamma: vector(), dBeta: vector() };
  const y = new Float64Array(x.values.length);
  const dx = new Float64Array(x.values.length);
  for (let c = 0; c < channels; c += 1) {
    const of = (values: ArrayLike<number>, i: number) => values[i * channels + c]!;
    const sum = (term: (i: number) => number) => {
      let total = 0;
      for (let i = 0; i < count; i += 1) total += term(i);
      return total;
    };
    const mean = sum((i) => of(x.values, i)) / count;
    const squares = sum((i) => (of(x.values, i) - mean) ** 2);
    const inverse = 1 / Math.sqrt(squares / count + 1e-5);
    const dVariance = sum((i) => of(dy, i) * gamma[c]! * (of(x.values, i) - mean)) * -0.5 * inverse ** 3;
    const dMean = -sum((i) => of(dy, i)) * gamma[c]! * inverse;
    for (let i = 0; i < count; i += 1) {
      const centred = of(x.values, i) - mean;
      y[i * channels + c] = gamma[c]! * centred * inverse + beta[c]!;
      dx[i * channels + c] = of(dy, i) * gamma[c]! * inverse + (dVariance * 2 * centred + dMean) / count;
    }
    result.mean[c] = mean;
    result.unbiasedVariance[c] = squares / (count - 1);
    result.dGamma[c] = sum((i) => of(dy, i) * (of(x.values, i) - mean) * inverse);
    result.dBeta[c] = sum((i) => of(dy, i));
  }
  return { y, dx, ...result };
}

/** The largest difference, relative to the largest reference value. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i += 1) {
    const distance = Math.abs(actual[i]! - expected[i]!);
    // NaN compares false with everything and must not pass.
    if (!(distance <= difference)) difference = distance;
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return difference / scale;
}

/** `value(at, channel)` for every window and output channel; `at(i, c)` is tap i of the window in input channel c. */
function slideWindow(
  x: Maps,
  { kernel, stride }: WindowSpec,
  outputs: number,
  value: (at: (tap: number, channel: number) => number, output: number) => number,
): Maps {
  const [batch, height, width, inputs] = x.shape;
  const before = (kernel - 1) / 2;
  const outSize = (size: number) => Math.floor((size + 2 * before - kernel) / stride) + 1;
  const shape = [batch, outSize(height), outSize(width), outputs] as const;
  const values: number[] = [];
  for (let image = 0; image < batch; image += 1) {
    for (let row = 0; row < shape[1]; row += 1) {
      for (let column = 0; column < shape[2]; column += 1) {
        const at = (tap: number, channel: number) => {
          const y = row * stride - before + Math.floor(tap / kernel);
          const z = column * stride - before + (tap % kernel);
          if (y < 0 || y >= height || z < 0 || z >= width) return 0;
          return x.values[((image * height + y) * width + z) * inputs + channel]!;
        };
        for (let output = 0; output < outputs; output += 1) values.push(value(at, output));
      }
    }
  }
  return { shape, values: Float64Array.from(values) };
}
