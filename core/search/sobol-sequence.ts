import type { Random } from '../random.ts';

/**
 * The Sobol sequence with the direction numbers of Joe and Kuo, scrambled as Owen proposed: the points fill the cube
 * evenly whatever their number, best at powers of two, and each is uniform on its own.
 *
 * @see Joe and Kuo, "Constructing Sobol sequences with better two-dimensional projections", 2008 (new-joe-kuo-6.21201)
 * @see Burley, "Practical hash-based Owen scrambling", 2020, for the scrambling of the bits
 */
export interface SobolSequence {
  readonly dimensions: number;
  /** Point `index` from 0, each coordinate in [0, 1). */
  point(index: number): Float64Array;
}

/** Degree s, coefficients a and initial numbers m of the primitive polynomials, from the second dimension on. */
const polynomials: readonly (readonly [number, number, readonly number[]])[] = [
  [1, 0, [1]],
  [2, 1, [1, 3]],
  [3, 1, [1, 3, 1]],
  [3, 2, [1, 1, 1]],
  [4, 1, [1, 1, 3, 3]],
  [4, 4, [1, 3, 5, 13]],
  [5, 2, [1, 1, 5, 5, 17]],
  [5, 4, [1, 1, 5, 5, 5]],
  [5, 7, [1, 1, 7, 11, 19]],
  [5, 11, [1, 1, 5, 1, 1]],
  [5, 13, [1, 1, 1, 3, 11]],
  [5, 14, [1, 3, 5, 5, 31]],
  [6, 1, [1, 3, 3, 9, 7, 49]],
  [6, 13, [1, 1, 1, 15, 21, 21]],
  [6, 16, [1, 3, 1, 13, 27, 49]],
  [6, 19, [1, 1, 1, 15, 7, 5]],
  [6, 22, [1, 3, 1, 15, 13, 25]],
  [6, 25, [1, 1, 5, 5, 19, 61]],
  [7, 1, [1, 3, 7, 11, 23, 15, 103]],
  [7, 4, [1, 3, 7, 13, 13, 15, 69]],
];

export const maxSobolDimensions = polynomials.length + 1;

const bits = 32;

/** @throws {RangeError} for more than {@link maxSobolDimensions} dimensions */
export function createSobolSequence(dimensions: number, random: Random | null): SobolSequence {
  if (dimensions < 1 || dimensions > maxSobolDimensions) {
    throw new RangeError(
      `Cannot make a Sobol sequence of ${dimensions} dimensions: expected 1 to ${maxSobolDimensions}`,
    );
  }
  const directions = Array.from({ length: dimensions }, (_, dimension) => directionNumbers(dimension));
  const seeds = directions.map(() => (random === null ? null : random.integer(2 ** 32)));
  return {
    dimensions,
    point: (index) =>
      Float64Array.from(directions, (numbers, dimension) => {
        let value = 0;
        for (let bit = 0, rest = index; rest !== 0; bit++, rest >>>= 1) if (rest & 1) value ^= numbers[bit]!;
        const seed = seeds[dimension]!;
        return (seed === null ? value >>> 0 : scramble(value >>> 0, seed)) / 2 ** bits;
      }),
  };
}

function directionNumbers(dimension: number): Uint32Array {
  const numbers = new Uint32Array(bits);
  if (dimension === 0) return numbers.map((_, i) => (1 << (bits - 1 - i)) >>> 0);
  const [degree, coefficients, initial] = polynomials[dimension - 1]!;
  for (let i = 0; i < bits; i++) {
    if (i < degree) {
      numbers[i] = (initial[i]! << (bits - 1 - i)) >>> 0;
      continue;
    }
    let value = numbers[i - degree]! ^ (numbers[i - degree]! >>> degree);
    for (let k = 1; k < degree; k++) {
      if ((coefficients >>> (degree - 1 - k)) & 1) value ^= numbers[i - k]!;
    }
    numbers[i] = value >>> 0;
  }
  return numbers;
}

/** Nested uniform scrambling: each bit is flipped by a hash of the bits above it. */
function scramble(value: number, seed: number): number {
  let x = reverseBits(value);
  x = (x + seed) >>> 0;
  x ^= Math.imul(x, 0x6c50b47c);
  x ^= Math.imul(x, 0xb82f1e52);
  x ^= Math.imul(x, 0xc7afe638);
  x ^= Math.imul(x, 0x8d22f6e6);
  return reverseBits(x >>> 0);
}

function reverseBits(value: number): number {
  let x = value;
  x = ((x >>> 1) & 0x55555555) | ((x & 0x55555555) << 1);
  x = ((x >>> 2) & 0x33333333) | ((x & 0x33333333) << 2);
  x = ((x >>> 4) & 0x0f0f0f0f) | ((x & 0x0f0f0f0f) << 4);
  x = ((x >>> 8) & 0x00ff00ff) | ((x & 0x00ff00ff) << 8);
  return ((x >>> 16) | (x << 16)) >>> 0;
}
