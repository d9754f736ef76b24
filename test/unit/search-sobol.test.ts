import { describe, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { createSobolSequence, maxSobolDimensions } from '../../core/search/sobol-sequence.ts';

describe('the Sobol sequence', () => {
  // scipy 1.17, qmc.Sobol(21, scramble=False, bits=32), dimensions 1, 2, 3, 8 and 21. It goes in Gray code order.
  it.each([
    [1, [0.5, 0.5, 0.5, 0.5, 0.5]],
    [2, [0.75, 0.25, 0.25, 0.75, 0.25]],
    [3, [0.25, 0.75, 0.75, 0.25, 0.75]],
    [5, [0.875, 0.875, 0.125, 0.375, 0.625]],
    [1000, [0.2197265625, 0.0966796875, 0.5185546875, 0.8994140625, 0.5224609375]],
    [4095, [0.000244140625, 0.941162109375, 0.334228515625, 0.390869140625, 0.225830078125]],
  ])('has the points of scipy (point %i)', (index, expected) => {
    const point = createSobolSequence(maxSobolDimensions, null).point(index ^ (index >> 1));
    expect([0, 1, 2, 7, 20].map((dimension) => point[dimension])).toEqual(expected);
  });

  it('keeps one point in each of the elementary intervals when scrambled', () => {
    for (const seed of [1, 2, 3]) {
      const sequence = createSobolSequence(2, createRandom(seed));
      const points = Array.from({ length: 64 }, (_, index) => sequence.point(index));
      for (let columns = 1; columns <= 64; columns *= 2) {
        const rows = 64 / columns;
        const boxes = points.map((point) => Math.floor(point[0]! * columns) * rows + Math.floor(point[1]! * rows));
        expect(new Set(boxes).size).toBe(64);
      }
    }
  });

  it('is uniform on average over the scrambles, point by point', () => {
    const first = Array.from({ length: 400 }, (_, seed) => createSobolSequence(3, createRandom(seed)).point(0));
    for (const dimension of [0, 1, 2]) {
      const mean = first.reduce((sum, point) => sum + point[dimension]!, 0) / first.length;
      // Standard error 0.29 / 20.
      expect(Math.abs(mean - 0.5)).toBeLessThan(0.06);
    }
  });

  it('says how many dimensions it has', () => {
    expect(() => createSobolSequence(maxSobolDimensions + 1, null)).toThrow('expected 1 to 21');
  });
});
