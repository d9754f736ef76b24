import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBatchReader, type ImageBatch } from '../../worker/data/batches.ts';
import { createNormaliser } from '../../worker/data/normalise.ts';
import { createMemoryPart, joinParts } from '../../worker/data/parts.ts';
import { resampleSquare } from '../../worker/data/resample.ts';
import { sampleStratified } from '../../worker/data/sample.ts';
import type { ImageDataset } from '../../worker/data/source.ts';
import { limitPart, selectParts } from '../../worker/data/split.ts';

/** One-pixel images whose value is `base` + position and whose class is the position modulo `classes`. */
function tinyPart(count: number, classes: number, base = 0) {
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  return createMemoryPart(
    Uint8Array.from({ length: count }, (_, i) => base + i),
    labels,
    1,
  );
}

function tinyDataset(parts: Partial<ImageDataset> = {}): ImageDataset {
  return {
    name: 'tiny',
    classNames: ['a', 'b', 'c', 'd'],
    height: 1,
    width: 1,
    channels: 1,
    train: tinyPart(200, 4),
    val: null,
    test: tinyPart(40, 4, 200),
    normalisation: { mean: [0], std: [1] },
    description: 'tiny: made up',
    identity: 'tiny/1px',
    ...parts,
  };
}

const noLimits = { limitTrain: null, limitVal: null, limitTest: null };
const countsByClass = (labels: Int32Array) => [0, 1, 2, 3].map((label) => labels.filter((l) => l === label).length);

describe('sampleStratified()', () => {
  it('draws exactly what is asked, each candidate at most once, each class within one of its share', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 0xffffffff }),
        (classes, share, seed) => {
          const labels = Int32Array.from(classes);
          const candidates = Int32Array.from(classes.keys());
          const size = Math.round(share * classes.length);
          const drawn = sampleStratified(labels, candidates, size, seed);
          expect(drawn.length).toBe(size);
          expect(new Set(drawn).size).toBe(size);
          for (const label of new Set(classes)) {
            const quota = drawn.filter((position) => labels[position] === label).length;
            const exact = (size * classes.filter((other) => other === label).length) / classes.length;
            expect(Math.abs(quota - exact)).toBeLessThan(1);
          }
        },
      ),
    );
  });
});

describe('selectParts()', () => {
  it('holds a seeded tenth of train out where there is no validation part, class by class, and says so', async () => {
    const parts = selectParts(tinyDataset(), { splitSeed: 7, selectOn: 'val', ...noLimits });
    expect([parts.train.count, parts.selection.count, parts.test.count]).toEqual([180, 20, 40]);
    expect(countsByClass(parts.selection.labels)).toEqual([5, 5, 5, 5]);
    const union = [...parts.train.positions, ...parts.selection.positions].sort((a, b) => a - b);
    expect(union).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(parts.description).toContain('selects on 20 training images held out with seed 7');
    const pixels = new Uint8Array(2);
    await parts.selection.readPixels([3, 0], pixels);
    expect([...pixels]).toEqual([parts.selection.positions[3], parts.selection.positions[0]]);
  });

  it('is the same for the same seed and another for another', () => {
    const heldOut = (splitSeed: number) =>
      selectParts(tinyDataset(), { splitSeed, selectOn: 'val', ...noLimits }).selection;
    expect([...heldOut(7).positions]).toEqual([...heldOut(7).positions]);
    expect([...heldOut(7).positions]).not.toEqual([...heldOut(8).positions]);
    expect(heldOut(7).identity).not.toBe(heldOut(8).identity);
  });

  it('draws these very images from seed 7, so that no release changes the split unnoticed', () => {
    const options = { splitSeed: 7, selectOn: 'val' as const, limitTrain: 8, limitVal: 4, limitTest: 4 };
    const parts = selectParts(tinyDataset(), options);
    expect([parts.train, parts.selection, parts.test].map((part) => [...part.positions])).toEqual(seed7Positions);
  });

  it('takes the validation part of the dataset where there is one, and leaves train whole', () => {
    const val = tinyPart(12, 4);
    const parts = selectParts(tinyDataset({ val }), { splitSeed: 7, selectOn: 'val', ...noLimits });
    expect(parts.train.count).toBe(200);
    expect(parts.selection.source).toBe(val);
    expect(parts.description).toContain('selects on the validation part of the dataset');
  });

  it('selects on the very test images when asked to, and trains on all of train', () => {
    const parts = selectParts(tinyDataset(), { splitSeed: 7, selectOn: 'test', ...noLimits, limitTest: 8 });
    expect(parts.train.count).toBe(200);
    expect(parts.selection).toBe(parts.test);
    expect(parts.test.count).toBe(8);
    expect(parts.description).toContain('selects on the test part');
  });

  it('limits draw class by class and never move an image into another part', () => {
    const options = { splitSeed: 7, selectOn: 'val' as const };
    const whole = selectParts(tinyDataset(), { ...options, ...noLimits });
    const limited = selectParts(tinyDataset(), { ...options, limitTrain: 40, limitVal: 8, limitTest: 12 });
    for (const name of ['train', 'selection', 'test'] as const) {
      const allowed = new Set(whole[name].positions);
      expect([...limited[name].positions].every((position) => allowed.has(position))).toBe(true);
      expect(limited[name].identity).not.toBe(whole[name].identity);
    }
    expect(countsByClass(limited.train.labels)).toEqual([10, 10, 10, 10]);
    expect([limited.selection.count, limited.test.count]).toEqual([8, 12]);
  });

  it('takes all where a limit is larger than the part', () => {
    const options = { splitSeed: 7, selectOn: 'val' as const, limitTrain: 9999, limitVal: 9999, limitTest: 9999 };
    const parts = selectParts(tinyDataset(), options);
    expect([parts.train.count, parts.selection.count, parts.test.count]).toEqual([180, 20, 40]);
  });

  it('lets a teacher draw its own images from the same training part', () => {
    const { train } = selectParts(tinyDataset(), { splitSeed: 7, selectOn: 'val', ...noLimits });
    const drawn = limitPart(train, 60, 1);
    expect(drawn.count).toBe(60);
    expect([...drawn.positions].every((position) => train.positions.includes(position))).toBe(true);
    expect(limitPart(train, null, 1)).toBe(train);
  });
});

describe('createBatchReader()', () => {
  const shape = { height: 1, width: 1, channels: 1, normalisation: { mean: [0.5], std: [0.25] } };
  const collect = async (batches: AsyncIterable<ImageBatch>) => {
    const seen: { readonly indices: readonly number[]; readonly pixels: readonly number[] }[] = [];
    for await (const batch of batches) seen.push({ indices: [...batch.indices], pixels: [...batch.pixels] });
    return seen;
  };

  it('gives every image once per epoch, in an order that seed and epoch decide', async () => {
    const reader = createBatchReader(tinyPart(25, 4), { batchSize: 8, ...shape });
    const first = await collect(reader.shuffled(3, 1));
    expect(first.map((batch) => batch.indices.length)).toEqual([8, 8, 8, 1]);
    expect(reader.batchesPerEpoch).toBe(4);
    const order = first.flatMap((batch) => batch.indices);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, i) => i));
    expect(await collect(reader.shuffled(3, 1))).toEqual(first);
    expect((await collect(reader.shuffled(3, 2))).flatMap((batch) => batch.indices)).not.toEqual(order);
    expect((await collect(reader.shuffled(4, 1))).flatMap((batch) => batch.indices)).not.toEqual(order);
  });

  it('normalises pixels and pairs them with their labels', async () => {
    const reader = createBatchReader(tinyPart(10, 4), { batchSize: 4, ...shape });
    for await (const batch of reader.shuffled(1, 1)) {
      for (let i = 0; i < batch.count; i += 1) {
        expect(batch.labels[i]).toBe(batch.indices[i]! % 4);
        expect(batch.pixels[i]).toBeCloseTo((batch.indices[i]! / 255 - 0.5) / 0.25, 6);
      }
    }
  });

  it('drops a last batch of a shuffled epoch that is not full when asked to, but never the only one', async () => {
    const sizes = async (count: number) => {
      const reader = createBatchReader(tinyPart(count, 4), { batchSize: 8, dropLast: true, ...shape });
      expect((await collect(reader.inOrder())).flatMap((batch) => batch.indices)).toHaveLength(count);
      return (await collect(reader.shuffled(1, 1))).map((batch) => batch.indices.length);
    };
    expect(await sizes(25)).toEqual([8, 8, 8]);
    expect(await sizes(16)).toEqual([8, 8]);
    expect(await sizes(5)).toEqual([5]);
  });

  it('reads in the order of the part when not shuffled', async () => {
    const reader = createBatchReader(tinyPart(5, 4), { batchSize: 2, ...shape });
    expect((await collect(reader.inOrder())).map((batch) => batch.indices)).toEqual([[0, 1], [2, 3], [4]]);
  });
});

describe('createNormaliser()', () => {
  it('applies to each channel its own mean and deviation', () => {
    const out = new Float32Array(6);
    createNormaliser({ mean: [0, 0.5, 1], std: [1, 0.5, 2] }, 3)(Uint8Array.of(255, 255, 255, 0, 0, 0), out);
    expect([...out]).toEqual([1, 1, 0, 0, -1, -0.5]);
  });

  it('refuses statistics of another number of channels', () => {
    expect(() => createNormaliser({ mean: [0], std: [1] }, 3)).toThrow(/3 channels/);
  });
});

describe('joinParts()', () => {
  it('puts parts behind one another', async () => {
    const joined = joinParts([tinyPart(3, 4), tinyPart(2, 4, 100)], 1);
    expect([...joined.labels]).toEqual([0, 1, 2, 0, 1]);
    const out = new Uint8Array(4);
    await joined.readPixels([4, 0, 3, 2], out);
    expect([...out]).toEqual([101, 0, 100, 2]);
  });
});

describe('resampleSquare()', () => {
  const pattern = (height: number, width: number) =>
    Uint8Array.from({ length: height * width }, (_, i) => {
      const x = i % width;
      const y = (i - x) / width;
      return ((x * x * 3 + y * 17 + x * y * 5) * 7) % 256;
    });

  it.each(pillowVectors())('agrees with Pillow 13.0.0 BICUBIC from $height x $width to $size', (vector) => {
    const { height, width, size, expected } = vector;
    const image = { pixels: pattern(height, width), height, width, channels: 1 };
    expect([...resampleSquare(image, size)]).toEqual(expected);
  });

  it('keeps the channels apart', () => {
    const pixels = Uint8Array.from({ length: 9 * 9 * 3 }, (_, i) => [10, 100, 200][i % 3]!);
    const out = resampleSquare({ pixels, height: 9, width: 9, channels: 3 }, 4);
    expect(out.every((value, i) => value === [10, 100, 200][i % 3])).toBe(true);
  });
});

/** `Image.frombytes('L', …).resize((size, size), Image.BICUBIC, box=centred square)`, Pillow 13.0.0. */
function pillowVectors() {
  return [
    { height: 6, width: 6, size: 3, expected: [78, 115, 71, 170, 128, 96, 112, 48, 130] },
    {
      height: 5,
      width: 5,
      size: 8,
      expected: [
        0, 0, 13, 61, 126, 190, 129, 72, 39, 61, 86, 51, 84, 176, 126, 74, 123, 154, 170, 56, 50, 152, 118, 78, 229,
        167, 94, 138, 157, 137, 103, 81, 212, 163, 112, 182, 187, 119, 93, 85, 94, 155, 224, 174, 125, 97, 89, 89, 166,
        173, 170, 118, 82, 72, 82, 92, 237, 187, 112, 78, 60, 57, 78, 94,
      ],
    },
    {
      height: 7,
      width: 12,
      size: 4,
      expected: [127, 67, 105, 109, 125, 90, 151, 136, 60, 126, 109, 125, 124, 168, 126, 94],
    },
  ];
}

/** Recorded from this code; training, selection and test positions. */
const seed7Positions = [
  [3, 17, 28, 31, 129, 134, 152, 190],
  [6, 36, 127, 133],
  [16, 30, 37, 39],
];
