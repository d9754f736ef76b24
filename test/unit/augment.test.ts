import { describe, expect, it } from 'vitest';
import { createRandom } from '../../core/random.ts';
import { type Augmentation, cropFlip } from '../../worker/data/augment.ts';
import { createBatchReader, type ImageBatch } from '../../worker/data/batches.ts';
import type { ImagePart } from '../../worker/data/source.ts';

const shape = { height: 6, width: 5, channels: 3 };
const imageBytes = shape.height * shape.width * shape.channels;
const normalisation = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] };
const cropFlips: Augmentation = { kind: 'cropFlip', seed: 5 };

/** Images whose bytes are never 0, so that padding can be told apart. */
function noisyPart(count: number): ImagePart {
  const random = createRandom(1);
  const bytes = Uint8Array.from({ length: count * imageBytes }, () => 1 + random.integer(255));
  return {
    count,
    labels: Int32Array.from({ length: count }, (_, index) => index % 3),
    readPixels: async (indices, out) => {
      for (const [row, index] of Array.from(indices).entries()) {
        out.set(bytes.subarray(index * imageBytes, (index + 1) * imageBytes), row * imageBytes);
      }
    },
  };
}

/** torchvision's steps one by one: pad all sides by 4, crop at (top, left), mirror. */
function paddedCropMirrored(image: Uint8Array, top: number, left: number, mirrored: boolean): number[] {
  const { height, width, channels } = shape;
  const padded = Array.from({ length: height + 8 }, (_, y) =>
    Array.from({ length: width + 8 }, (_, x) =>
      Array.from({ length: channels }, (_, channel) => {
        const inside = y >= 4 && y < height + 4 && x >= 4 && x < width + 4;
        return inside ? image[((y - 4) * width + (x - 4)) * channels + channel]! : 0;
      }),
    ),
  );
  const rows = padded.slice(top, top + height).map((row) => row.slice(left, left + width));
  return rows.flatMap((row) => (mirrored ? row.toReversed() : row)).flat();
}

it('cropFlip() gives the pixels of padding, cropping and mirroring one after the other, for every draw', () => {
  const random = createRandom(2);
  const images = Uint8Array.from({ length: 2 * imageBytes }, () => 1 + random.integer(255));
  const out = new Uint8Array(images.length);
  for (const mirrored of [false, true]) {
    for (let place = 0; place < 81; place += 1) {
      const [top, left] = [place % 9, Math.floor(place / 9)];
      cropFlip(images, imageBytes, shape, { down: top - 4, right: left - 4, mirrored }, out);
      const expected = paddedCropMirrored(images.subarray(imageBytes), top, left, mirrored);
      expect([...out.subarray(imageBytes)]).toEqual(expected);
    }
  }
  expect([...out.subarray(0, imageBytes)].every((byte) => byte === 0)).toBe(true);
});

describe('createBatchReader() with augmentation', () => {
  const part = noisyPart(23);
  const read = async (batches: AsyncIterable<ImageBatch>) => {
    const images = new Map<number, string>();
    for await (const { indices, pixels } of batches) {
      for (const [row, index] of indices.entries()) {
        images.set(index, pixels.slice(row * imageBytes, (row + 1) * imageBytes).join());
      }
    }
    return [...images].sort(([a], [b]) => a - b);
  };
  const reader = (batchSize: number, augmentation: Augmentation | null = cropFlips, source = part) =>
    createBatchReader(source, { batchSize, augmentation, normalisation, ...shape });

  it('gives an image the same pixels in an epoch whatever the order, the batches and the other images', async () => {
    const epoch = await read(reader(8).shuffled(1, 3));
    expect(await read(reader(8).shuffled(2, 3))).toEqual(epoch);
    expect(await read(reader(5).inOrder(3))).toEqual(epoch);
    expect(await read(reader(4, cropFlips, { ...part, count: 9 }).inOrder(3))).toEqual(epoch.slice(0, 9));
  });

  it('draws anew for every epoch, image and seed, and augments nothing without an epoch', async () => {
    const plain = await read(reader(8, null).inOrder());
    expect(await read(reader(8).inOrder())).toEqual(plain);
    expect(await read(reader(8, null).shuffled(1, 3))).toEqual(plain);
    const epochs = await Promise.all(
      [1, 2]
        .map((epoch) => read(reader(8).inOrder(epoch)))
        .concat(read(reader(8, { ...cropFlips, seed: 6 }).inOrder(1))),
    );
    // Two draws of an image agree once in 162.
    for (const [index, images] of [plain, ...epochs].entries()) {
      for (const others of [plain, ...epochs].slice(index + 1)) {
        expect(images.filter(([image, pixels]) => others[image]![1] === pixels).length).toBeLessThan(4);
      }
    }
  });

  it('normalises the padding as black and says which epoch it reads', async () => {
    const black = [0, 1, 2].map((channel) => Math.fround(-normalisation.mean[channel]! / normalisation.std[channel]!));
    let padded = 0;
    for await (const { epoch, pixels } of reader(8).shuffled(1, 7)) {
      expect(epoch).toBe(7);
      for (let i = 0; i < pixels.length; i += 3) {
        if (black.every((value, channel) => pixels[i + channel] === value)) padded += 1;
      }
    }
    // Crops are moved by 20 / 9 pixels on average along each side: of 6 x 5 pixels (1 - 34/54)(1 - 25/45) stay inside.
    expect(padded / (23 * 30)).toBeGreaterThan(0.4);
    expect(padded / (23 * 30)).toBeLessThan(0.8);
  });

  it('makes each of the 81 crops and both sides equally likely, in every epoch', async () => {
    const rows: ImagePart = {
      count: 4000,
      labels: new Int32Array(4000),
      // Every pixel has its place as value.
      readPixels: async (indices, out) => {
        for (let i = 0; i < indices.length * 99; i += 1) out[i] = i % 99;
      },
    };
    const places = { height: 9, width: 11, channels: 1, normalisation: { mean: [0], std: [1 / 255] } };
    for (const epoch of [1, 2]) {
      const seen = new Map<string, number>();
      const batches = createBatchReader(rows, { batchSize: 4000, augmentation: cropFlips, ...places }).inOrder(epoch);
      for await (const { pixels } of batches) {
        for (let i = 0; i < 4000; i += 1) {
          // The middle of the crop tells where it lies, its left neighbour whether it is mirrored.
          const draw = `${pixels[i * 99 + 49]} ${pixels[i * 99 + 48]! < pixels[i * 99 + 49]!}`;
          seen.set(draw, (seen.get(draw) ?? 0) + 1);
        }
      }
      const mean = 4000 / 162;
      const chiSquare = [...seen.values()].reduce((sum, n) => sum + (n - mean) ** 2 / mean, (162 - seen.size) * mean);
      // 161 degrees of freedom: beyond 242 once in 25 000.
      expect(chiSquare).toBeLessThan(242);
    }
  });
});
